// `npm run bench`: measures everything, prints the tables, and writes RESULTS.md. `--smoke` runs it all once, fast and
// without a meaning, to see that it works. `--only engine,app` runs some sections, and writes nothing.
import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';

/** What each section is given: in full, and to see that it works. */
const SECTIONS = {
  engine: {
    full: { rounds: 41, count: 20_480 },
    smoke: { rounds: 1, count: 512 },
  },
  allowlist: {
    full: { rounds: 21, count: 20_480, sizes: [1, 10, 1000, 100_000, 1_000_000] },
    smoke: { rounds: 1, count: 512, sizes: [1, 10, 1000] },
  },
  routes: {
    full: { boots: 9, rounds: 7, requests: 1000, routes: [10, 100, 1000, 5000] },
    smoke: { boots: 1, rounds: 1, requests: 20, routes: [10] },
  },
  app: {
    full: { starts: 15, rounds: 3, requests: 2000 },
    smoke: { starts: 1, rounds: 1, requests: 20 },
  },
  attack: {
    full: {
      rounds: 15,
      count: 5120,
      listed: 100_000,
      flood: 1_000_000,
      app: { rounds: 5, each: 1000, flood: 1_000_000 },
    },
    smoke: { rounds: 1, count: 256, listed: 1000, flood: 1000, app: { rounds: 1, each: 20, flood: 200 } },
  },
  resolvers: {
    full: { rounds: 21, count: 20_480 },
    smoke: { rounds: 1, count: 512 },
  },
};

const { values } = parseArgs({
  options: { smoke: { type: 'boolean', default: false }, only: { type: 'string', default: '' } },
});
const names = values.only === '' ? Object.keys(SECTIONS) : values.only.split(',');
const unknown = names.filter(name => !(name in SECTIONS));
if (unknown.length > 0) {
  console.error(`There is no section ${unknown.join(', ')}: there are ${Object.keys(SECTIONS).join(', ')}.`);
  process.exit(1);
}

const sections = [];
for (const name of names) {
  const measured = await measure(name, SECTIONS[name][values.smoke ? 'smoke' : 'full']);
  const text = textOf(measured);
  console.log(`${text}\n`);
  sections.push(text);
}
if (!values.smoke) {
  const file = new URL('RESULTS.md', import.meta.url);
  const present = values.only === '' ? [] : sectionsOf(readFileSync(file, 'utf8'));
  const others = present.filter(section => !sections.some(own => titleOf(own) === titleOf(section)));
  // In the order of the first run.
  const order = present.map(titleOf);
  const all = [...others, ...sections].sort(
    (one, other) => order.indexOf(titleOf(one)) - order.indexOf(titleOf(other)),
  );
  writeFileSync(file, `${introduction()}\n\n${all.join('\n\n')}\n`);
  console.log('Written to bench/RESULTS.md.');
}

function sectionsOf(results) {
  return results
    .split(/^(?=## )/m)
    .slice(1)
    .map(section => section.trim());
}

function titleOf(section) {
  return section.split('\n', 1)[0];
}

async function measure(name, options) {
  const { parts, report } = await import(`./sections/${name}.mjs`);
  if (parts === undefined) return inProcess(name, options);
  const results = [];
  for (const part of parts) results.push(await inProcess(name, options, part));
  return report(results);
}

/** Of its own, so that none finds the heap and the optimized code of another. */
async function inProcess(name, options, ...part) {
  const child = fork(fileURLToPath(new URL('section.mjs', import.meta.url)), [name, JSON.stringify(options), ...part], {
    execArgv: ['--expose-gc', '--max-semi-space-size=128'],
    serialization: 'advanced',
  });
  const [result] = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (typeof result !== 'object' || result === null) throw new Error(`The section ${name} failed`);
  return result;
}

function textOf({ title, about, tables, goals }) {
  const parts = [`## ${title}`, `${about} Measured on ${today()}, at commit ${commit()}.`];
  for (const { caption, columns, rows } of tables) {
    if (caption !== undefined) parts.push(`${caption}:`);
    parts.push(markdownTable([columns, ...rows], { align: columns.map((_, index) => (index === 0 ? 'l' : 'r')) }));
  }
  const lines = goals.map(({ goal, value, atLeast, atMost, unit }) => {
    const met = atLeast === undefined ? value <= atMost : value >= atLeast;
    const limit = atLeast === undefined ? `at most ${atMost}${unit}` : `at least ${atLeast}${unit}`;
    return [goal, limit, `${format(value)}${unit}`, met ? 'met' : '**missed**'];
  });
  parts.push('Goals:', markdownTable([['Goal', 'Limit', 'Measured', ''], ...lines], { align: ['l', 'r', 'r', 'l'] }));
  return parts.join('\n\n');
}

function today() {
  return new Date().toISOString().slice(0, 10);
}

function commit() {
  return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
}

function format(value) {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function introduction() {
  const require = createRequire(import.meta.url);
  const versionOf = name => `${name} ${JSON.parse(readFileSync(packageOf(name), 'utf8')).version}`;
  const packageOf = name => fileURLToPath(new URL(`../node_modules/${name}/package.json`, import.meta.url));
  const packages = ['@nestjs/core', 'express', 'fastify', 'cors', '@fastify/cors', 'hono', '@koa/cors'];
  const { version } = require('../package.json');
  const [{ model }] = cpus();
  return [
    '# Results',
    `Written by \`npm run bench\` on ${today()}, section by section. Ratios are the result, absolute numbers are context: machines differ, and this one is shared. Everything that is compared was measured in alternating rounds of one run; each number is the median of its rounds.`,
    `nestjs-cors ${version}, ${packages.map(versionOf).join(', ')}; Node.js ${process.version} on ${process.platform} ${process.arch}, ${cpus().length} × ${model.trim()}.`,
  ].join('\n\n');
}
