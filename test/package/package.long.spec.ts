import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

/** Further Node binaries, as `.ci/run` installs them: paths with colons between. */
const others = (process.env['NODE_BINARIES'] ?? '').split(':').filter(path => path !== '');
const nodes = [process.execPath, ...others].map((path): [version: string, path: string] => [
  execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(),
  path,
]);

beforeAll(requireBuild);

afterAll(removeFiles);

it.each(nodes)(
  'the package loads by import and by require, both builds in one app, on Node %s (TEST-06)',
  async (_version, node) => {
    // Nest 12 and 11, and the packed tarball: what is wrong is in the error's output.
    const { stdout } = await promisify(execFile)(node, ['scripts/check-package.mjs'], { cwd: ROOT });
    expect(stdout.match(/^on Nest 1[12]:$/gm)).toEqual(['on Nest 12:', 'on Nest 11:']);
    expect(stdout.match(/^ {2}(import|require): /gm)).toHaveLength(4);
  },
);

it('the package has types for every module resolution of every supported TypeScript (TEST-06)', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/check-types.mjs'], { cwd: ROOT });
  const found = [
    '  typescript-5.9: nodenext, bundler, node10',
    '  typescript: nodenext, bundler, node10',
    // TypeScript 7 has removed it.
    '  typescript-7: nodenext, bundler, no node10',
  ];
  expect(stdout.split('\n').slice(1, -1)).toEqual(['on Nest 12:', ...found, 'on Nest 11:', ...found]);
});

describe('the source maps', () => {
  it.each(['dist/esm/index.js.map', 'dist/cjs/index.js.map'])('have the lines of lib/, not its text: %s', file => {
    const map = JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as { sources: string[]; sourcesContent?: string[] };
    expect(map.sources).toContain('../../lib/cors.module.ts');
    expect((map.sourcesContent ?? []).filter(text => text !== null)).toEqual([]);
  });
});

describe('the tarball', () => {
  let tarball: string;

  beforeAll(() => {
    const folder = newFolder();
    const args = ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder];
    const shell = process.platform === 'win32';
    tarball = join(folder, execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', shell }).trim());
  });

  it('gives publint nothing to suggest', async () => {
    const publint = join(ROOT, 'node_modules/publint/src/cli.js');
    const { stdout } = await promisify(execFile)(process.execPath, [publint, 'run', tarball, '--strict']);
    expect(stdout.trimEnd()).toMatch(/^All good!$/m);
  });

  it('has the right types for what each module resolution loads (attw)', async () => {
    const attw = join(ROOT, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    // Its answer lists every step of every resolution.
    const options = { maxBuffer: 64 * 1024 * 1024 };
    const args = [attw, tarball, '--no-definitely-typed', '--format', 'json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, options);
    const { analysis } = JSON.parse(stdout) as { analysis: Analysis };

    expect(analysis.problems).toEqual([]);
    expect(typesByMode(analysis, '.')).toEqual({
      node10: 'dist/cjs/index.d.ts',
      'node16-cjs': 'dist/cjs/index.d.ts',
      'node16-esm': 'dist/esm/index.d.ts',
      bundler: 'dist/esm/index.d.ts',
    });
    expect(Object.keys(analysis.entrypoints)).toEqual(['.', './package.json']);
  });
});

/** What is read here of the answer of attw. */
interface Analysis {
  readonly problems: readonly unknown[];
  readonly entrypoints: Readonly<
    Record<string, { resolutions: Readonly<Record<string, { resolution?: { fileName: string } }>> }>
  >;
}

function typesByMode({ entrypoints }: Analysis, entrypoint: string): Readonly<Record<string, string | undefined>> {
  const modes = Object.entries(entrypoints[entrypoint]?.resolutions ?? {});
  return Object.fromEntries(
    modes.map(([mode, { resolution }]) => [mode, resolution?.fileName.replace('/node_modules/nestjs-cors/', '')]),
  );
}
