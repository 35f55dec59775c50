// Makes a fresh clone ready: installs the locked dependencies when they are missing or out of date,
// and builds the package when its sources are newer than the build. `npm start` and `npm test` run it first.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const at = path => `${root}/${path}`;
const modified = path => (existsSync(at(path)) ? statSync(at(path)).mtimeMs : 0);
const newest = folder =>
  Math.max(
    ...readdirSync(at(folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs),
  );
const run = (command, args) => {
  process.stderr.write(`> ${command} ${args.join(' ')}\n`);
  // Progress goes to stderr, so that the output of the command that asked for the set-up stays clean.
  execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
};

if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
}
const sources = Math.max(
  newest('lib'),
  ...['package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'].map(modified),
);
if (modified('dist/cjs/package.json') < sources) {
  run('npm', ['run', '--silent', 'build']);
}
