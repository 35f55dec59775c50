// Packs the package and compiles an app against the tarball: with each supported TypeScript, as each module
// resolution finds the declarations, on each supported major of Nest; `--nest 12 --compiler typescript` takes some.
// Nothing is installed: the other packages are linked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createLinkedApp, NESTS, root, withTarball } from './tarball.mjs';

const APP = join(root, 'test/types/fixtures/consumer/app.ts');
const COMPILERS = ['typescript-5.9', 'typescript', 'typescript-7'];

const OPTIONS = [
  ...['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--skipLibCheck', '--pretty', 'false'],
  ...['--target', 'es2022', '--experimentalDecorators', '--emitDecoratorMetadata', '--esModuleInterop'],
  ...['--types', 'node', '--typeRoots', 'node_modules/@types'],
];
const RESOLUTIONS = {
  nodenext: { modules: ['--module', 'nodenext', '--moduleResolution', 'nodenext'], files: ['app.mts', 'app.cts'] },
  bundler: { modules: ['--module', 'esnext', '--moduleResolution', 'bundler'], files: ['app.ts'] },
  node10: {
    modules: ['--module', 'commonjs', '--moduleResolution', 'node10'],
    files: ['app.ts'],
    // TypeScript 6 deprecates it; 7 has removed it.
    deprecated: { typescript: ['--ignoreDeprecations', '6.0'] },
    removed: ['typescript-7'],
  },
};

const { values: only } = parseArgs({
  options: {
    nest: { type: 'string', multiple: true, default: NESTS.map(([major]) => major) },
    compiler: { type: 'string', multiple: true, default: COMPILERS },
  },
});

await withTarball((tarball, folder) => {
  for (const [major, nest] of NESTS.filter(([major]) => only.nest.includes(major))) {
    console.log(`on Nest ${major}:`);
    const app = join(folder, `nest-${major}`);
    createLinkedApp(app, tarball, nest);
    for (const file of ['app.mts', 'app.cts', 'app.ts']) copyFileSync(APP, join(app, file));
    for (const compiler of COMPILERS.filter(each => only.compiler.includes(each))) {
      const found = Object.entries(RESOLUTIONS).map(([resolution, how]) => compile(app, compiler, resolution, how));
      console.log(`  ${compiler}: ${found.join(', ')}`);
    }
  }
});

function compile(app, compiler, resolution, { modules, files, deprecated = {}, removed = [] }) {
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc');
  const args = [tsc, ...OPTIONS, ...modules, ...(deprecated[compiler] ?? []), ...files];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' });
  const output = stdout + stderr;
  if (removed.includes(compiler)) {
    assert.match(output, /moduleResolution=node10.*has been removed/, `${compiler}, ${resolution}: ${output}`);
    return `no ${resolution}`;
  }
  assert.deepEqual({ status, output }, { status: 0, output: '' }, `${compiler}, ${resolution}: ${output}`);
  return resolution;
}
