// What the checks of the package share: the tarball, as it would be published, and apps that have it installed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The supported majors of Nest, and where in this repository the packages of each are. */
export const NESTS = [
  ['12', 'node_modules/@nestjs'],
  ['11', 'test/nest-11/node_modules/@nestjs'],
];

/** Runs a program and gives its output. What it printed is in the error, if it fails. */
export function run(command, args, cwd, env = {}) {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && command === 'npm',
  });
}

/** Packs into a temporary folder, hands both to `check`, and removes the folder. */
export async function withTarball(check) {
  const folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-package-'));
  try {
    await check(pack(folder), folder);
  } catch (error) {
    console.error(describe(error));
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a child process printed says more than its exit code. */
export function describe(error) {
  return error.stdout === undefined ? error : `${error.message}\n${error.stdout}${error.stderr}`;
}

function pack(folder) {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder], root),
  );
  const files = packed.files.map(({ path }) => path);
  const unexpected = files.filter(
    path =>
      !/^(dist\/(esm|cjs)\/|(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md|docs\/[\w-]+\.md)$)/.test(
        path,
      ),
  );
  assert.deepEqual(unexpected, [], 'The tarball has files that users do not need');
  for (const needed of [
    'dist/esm/index.js',
    'dist/esm/bundler.js',
    'dist/esm/index.d.ts',
    'dist/cjs/index.js',
    'dist/cjs/index.d.ts',
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'SECURITY.md',
    'docs/README.md',
  ]) {
    assert.ok(files.includes(needed), `The tarball lacks ${needed}: run \`npm run build\``);
  }
  console.log(`nestjs-cors ${version}: ${files.length} files, ${Math.round(packed.size / 1024)} KiB packed`);
  return join(folder, packed.filename);
}

/** Makes an app that has the tarball installed, and this repository's other packages linked: it needs no registry. */
export function createLinkedApp(app, tarball, nest) {
  mkdirSync(join(app, 'node_modules/nestjs-cors'), { recursive: true });
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name.startsWith('.') || name === 'nestjs-cors' || name === '@nestjs') continue;
    symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name), 'junction');
  }
  symlinkSync(join(root, nest), join(app, 'node_modules/@nestjs'), 'junction');
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(app, 'node_modules/nestjs-cors')]);
}
