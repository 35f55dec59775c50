// Builds the package from the same sources for each way of loading it: one file each, because Node takes a millisecond
// for every file that it loads. `build/` has the modules one by one, for the benchmark.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const { rollup } = createRequire(import.meta.url)('@rollup/wasm-node');

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'build');
const dist = join(root, 'dist');

/** Each build, and which file of `lib/lazy` it has. */
const BUILDS = [
  { file: 'esm/index.js', format: 'es', onDemand: 'import.js' },
  { file: 'esm/bundler.js', format: 'es', onDemand: 'bundler.js' },
  { file: 'cjs/index.js', format: 'cjs', onDemand: 'require.js' },
];
/** Node and TypeScript read a file's module system from the nearest package.json. */
const TYPES = { esm: 'module', cjs: 'commonjs' };

for (const folder of [modules, dist]) rmSync(folder, { recursive: true, force: true });
execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
for (const { file, format, onDemand } of BUILDS) {
  const bundle = await rollup({
    input: join(modules, 'index.js'),
    external: id => !id.startsWith('.') && !isAbsolute(id),
    plugins: [choose(onDemand), withSourceMaps()],
    onLog(_level, { code, message }) {
      // What TypeScript makes of decorators asks for a global helper: there is none.
      if (code !== 'THIS_IS_UNDEFINED') throw new Error(message);
    },
  });
  await bundle.write({
    file: join(dist, file),
    format,
    // Bundlers make their own.
    sourcemap: onDemand !== 'bundler.js',
    // Stack traces (`--enable-source-maps`) name the files and lines of lib/, and need no copy of the sources for it.
    sourcemapExcludeSources: true,
    interop: 'auto',
    esModule: true,
    externalLiveBindings: false,
    generatedCode: { constBindings: true },
  });
  await bundle.close();
}
for (const [folder, type] of Object.entries(TYPES)) {
  cpSync(modules, join(dist, folder), { recursive: true, filter: path => !/\.js(\.map)?$/.test(path) });
  writeFileSync(join(dist, folder, 'package.json'), `${JSON.stringify({ type })}\n`);
}

/** Puts another file of `lib/lazy` in the place of the one that the sources import. */
function choose(onDemand) {
  return {
    name: 'on-demand',
    resolveId: (id, importer) =>
      basename(id) === 'import.js' && importer !== undefined
        ? join(dirname(join(dirname(importer), id)), onDemand)
        : null,
  };
}

/** What TypeScript compiled, with the places it was compiled from. */
function withSourceMaps() {
  return {
    name: 'source-maps',
    load: id => ({
      code: readFileSync(id, 'utf8').replace(/^\/\/# sourceMappingURL=.*$/m, ''),
      map: JSON.parse(readFileSync(`${id}.map`, 'utf8')),
    }),
  };
}
