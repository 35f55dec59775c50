// Builds the package twice from the same sources: dist/esm for `import`, dist/cjs for `require`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

rmSync(`${root}/dist`, { recursive: true, force: true });
for (const [project, folder, type] of [
  ['tsconfig.build.json', 'esm', 'module'],
  ['tsconfig.build.cjs.json', 'cjs', 'commonjs'],
]) {
  execFileSync(process.execPath, [tsc, '-p', project], { cwd: root, stdio: 'inherit' });
  // Node and TypeScript read a file's module system from the nearest package.json.
  mkdirSync(`${root}/dist/${folder}`, { recursive: true });
  writeFileSync(`${root}/dist/${folder}/package.json`, `${JSON.stringify({ type })}\n`);
}
