import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, tablesOf } from '../support/markdown.js';
import { startProgram, stopPrograms } from '../support/program.js';

const SECTIONS = ['Engine', 'Scale of the allowlist', 'Scale of the app', 'Whole app', 'Under attack', 'Resolvers'];
const titlesOf = (text: string) => [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);

afterEach(stopPrograms);

describe('The benchmark', () => {
  it('says which sections there are', async () => {
    expect(await startProgram(['bench/run.mjs', '--only', 'engin']).ended).toEqual({
      code: 1,
      output: 'There is no section engin: there are engine, allowlist, routes, app, attack, resolvers.\n',
    });
  });
});

describe('bench/RESULTS.md', () => {
  const results = readFileSync(join(ROOT, 'bench/RESULTS.md'), 'utf8');

  it('has the machine, the versions, the date, and every section', () => {
    expect(results).toMatch(/^Written by `npm run bench` on \d{4}-\d\d-\d\d/m);
    expect(results).toMatch(/Node\.js v\d+\.\d+\.\d+ on \w+ \w+, \d+ × /);
    expect(titlesOf(results)).toEqual(SECTIONS);
  });

  it('has the numbers that README.md quotes', () => {
    const [engine] = tablesOf('bench/RESULTS.md').filter(({ heading }) => heading === 'Engine');
    const [decision, preflight] = ['actual, allowed', 'preflight, allowed'].map(request => {
      const row = engine?.rows.find(cells => cells[0] === request) ?? [];
      return { took: row[1], times: Math.round(parseFloat(row.at(-1) ?? '')) };
    });
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(
      `A decision costs ${String(decision?.took)}, a preflight ${String(preflight?.took)}; the fastest other library takes ${String(decision?.times)} and ${String(preflight?.times)} times as long.`,
    );
  });
});
