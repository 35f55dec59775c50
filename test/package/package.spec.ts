import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';

/** Further Node binaries, as `.ci/run` installs them: paths with colons between. */
const others = (process.env['NODE_BINARIES'] ?? '').split(':').filter(path => path !== '');
const nodes = [process.execPath, ...others].map((path): [version: string, path: string] => [
  execFileSync(path, ['--version'], { encoding: 'utf8' }).trim(),
  path,
]);

it.each(nodes)(
  'the package loads by import and by require, both builds in one app, on Node %s (TEST-06)',
  async (_version, node) => {
    requireBuild();
    // Nest 12 and 11, the packed tarball, and types for both module systems: what is wrong is in the error's output.
    const { stdout } = await promisify(execFile)(node, ['scripts/check-package.mjs'], { cwd: ROOT });
    expect(stdout.match(/^on Nest 1[12]:$/gm)).toEqual(['on Nest 12:', 'on Nest 11:']);
    expect(stdout.match(/^ {2}(import|require|types): /gm)).toHaveLength(6);
  },
  120_000,
);
