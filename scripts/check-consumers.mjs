// Packs the package once and installs the tarball into each app of test/consumers, from the registry, as its users do.
// Builds the app, runs the test that its user wrote, starts it and sends it a preflight; on this Node, and on those
// that NODE_BINARIES names (paths with colons between). Then runs the tests of docs/testing.md in it.
// `node scripts/check-consumers.mjs nest-11-cjs` checks one; `--results FILE` writes how many checks passed and failed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { describe, root, run, withTarball } from './tarball.mjs';

const CONSUMERS = join(root, 'test/consumers');
const { values: options, positionals } = parseArgs({
  options: { results: { type: 'string' } },
  allowPositionals: true,
});
const consumers = positionals.length > 0 ? positionals : readdirSync(CONSUMERS);

const others = (process.env.NODE_BINARIES ?? '').split(':').filter(path => path !== '');
const nodes = [process.execPath, ...others].map(path => ({ path, version: run(path, ['--version']).trim() }));

const results = { passed: 0, failed: 0 };

await withTarball(async (tarball, folder) => {
  for (const name of consumers) {
    const app = join(folder, name);
    cpSync(join(CONSUMERS, name), app, { recursive: true });
    const { scripts, dependencies } = JSON.parse(readFileSync(join(app, 'package.json'), 'utf8'));
    const installed = await check(`${name} installs and builds`, () => {
      run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error', tarball], app);
      for (const script of ['build', 'typecheck']) run('npm', ['run', '--silent', script], app);
    });
    if (!installed) continue;
    for (const node of nodes) {
      await check(`${name} passes its test on Node ${node.version}`, () => runScript('test:e2e', app, node));
      // Jest can require ES modules, such as those of Nest 12, from Node 24.9 on.
      if (scripts['test:e2e:node-24'] !== undefined && isAtLeast(node.version, 24, 9)) {
        await check(`${name} passes its test as \`nest new\` sets it up on Node ${node.version}`, () =>
          runScript('test:e2e:node-24', app, node),
        );
      }
      await check(`${name} answers on Node ${node.version}`, () => sendPreflight(app, node));
    }
    // The page's tests are for the default platform.
    if (dependencies['@nestjs/platform-express'] === undefined) continue;
    await check(`${name} passes the tests of docs/testing.md as they are written`, () => {
      writeTestsOfPage(app);
      runScript('test:e2e', app, nodes[0]);
    });
  }
});
// What checked nothing has failed.
if (results.passed === 0) results.failed ||= 1;
console.log(`${results.passed} passed, ${results.failed} failed`);
if (options.results !== undefined) writeFileSync(options.results, JSON.stringify(results));
if (results.failed > 0) process.exitCode = 1;

/** Runs every check, also after one that failed: one run tells everything. */
async function check(title, body) {
  const start = Date.now();
  try {
    await body();
    results.passed += 1;
    console.log(`  ok: ${title} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
    return true;
  } catch (error) {
    results.failed += 1;
    console.log(`  FAILED: ${title}`);
    console.error(describe(error));
    return false;
  }
}

/** Has npm, and what it starts, find this Node first. */
function runScript(script, app, { path }) {
  run('npm', ['run', '--silent', script], app, { PATH: `${dirname(path)}${delimiter}${process.env.PATH}` });
}

/** Puts the app and the tests of docs/testing.md where the page says, in place of those that are there. */
function writeTestsOfPage(app) {
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const [module, ...tests] = [...page.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  assert.ok(tests.length > 1, 'docs/testing.md shows no tests');
  writeFileSync(join(app, 'src/app.module.ts'), module);
  rmSync(join(app, 'test/cors.e2e-spec.ts'));
  for (const [index, test] of tests.entries()) writeFileSync(join(app, `test/page-${index}.e2e-spec.ts`), test);
}

/** Starts the built program and asks it what a browser would ask before a PUT. */
async function sendPreflight(app, node) {
  const program = spawn(node.path, ['dist/main.js'], {
    cwd: app,
    env: { ...process.env, PORT: '0', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const response = await fetch(`${await urlOf(program)}/cats/1`, {
      method: 'OPTIONS',
      headers: { Origin: 'https://app.example.com', 'Access-Control-Request-Method': 'PUT' },
    });
    const cors = [...response.headers].filter(([name]) => name === 'vary' || name.startsWith('access-control-'));
    assert.equal(response.status, 204);
    assert.deepEqual(Object.fromEntries(cors), {
      'access-control-allow-origin': 'https://app.example.com',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'content-type, x-csrf-token',
      'access-control-max-age': '600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    });
  } finally {
    program.kill('SIGKILL');
  }
}

/** Where the program listens, once it says so. Rejects with its output where it ends before. */
function urlOf(program) {
  let output = '';
  return new Promise((resolve, reject) => {
    for (const stream of [program.stdout, program.stderr]) {
      stream.setEncoding('utf8').on('data', text => {
        output += text;
        const [, url] = /running on: (\S+)/.exec(output) ?? [];
        if (url !== undefined) resolve(url);
      });
    }
    program.once('error', reject);
    program.once('close', () => reject(new Error(`The program ended:\n${output}`)));
  });
}

function isAtLeast(version, major, minor) {
  const [ownMajor = 0, ownMinor = 0] = version.slice(1).split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}
