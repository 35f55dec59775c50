import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { casesOf } from '../support/conformance.js';
import { ROOT, tablesOf } from '../support/markdown.js';

/** What is written like an id and is none. */
const NO_FAMILIES = ['UTF'];

const tables = tablesOf('test/README.md').filter(({ columns }) => columns[0] === 'Family');
const [scenarios, origins, configuration] = tables.map(({ rows }) => rows);
const familiesOf = (rows: readonly (readonly string[])[] = []) =>
  rows.flatMap(([names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name));

describe('test/README.md', () => {
  it('has every family of ids, and the suites where they are', () => {
    const suites = new Map<string, Set<string>>();
    for (const [file, ids] of idsBySuite()) {
      for (const family of ids.map(id => id.split('-')[0] ?? '')) {
        suites.set(family, (suites.get(family) ?? new Set()).add(basename(file).replace(/(?:\.long)?\.spec\.ts$/, '')));
      }
    }
    const found = [...suites].map(([family, names]) => [`\`${family}\``, [...names].sort().join(', ')]).sort();
    expect(scenarios?.map(([family, , names]) => [family, names])).toEqual(found);
  });

  it.each([
    ['origins', origins],
    ['configuration', configuration],
  ] as const)('has every family of the cases in %s.json', (name, rows) => {
    // A clone without the data has nothing to compare.
    const cases = casesOf(name);
    const found = cases?.map(({ id }) => id.split('-')[0]) ?? familiesOf(rows);
    expect(familiesOf(rows).sort()).toEqual([...new Set(found)].sort());
  });
});

it('Every id in a title is that of a scenario, and every scenario has a test', () => {
  const tested = [...new Set([...idsBySuite().values()].flat())];
  // A clone without the data has nothing to compare.
  const all = casesOf('scenarios')?.map(({ id }) => id) ?? tested;
  expect(tested.sort()).toEqual([...all].sort());
});

/** The ids that each suite names. */
function idsBySuite(): ReadonlyMap<string, readonly string[]> {
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  const suites = files.filter(file => file.endsWith('.spec.ts') && !file.includes('node_modules'));
  return new Map(
    suites.map(file => {
      const ids = [...readFileSync(join(ROOT, 'test', file), 'utf8').matchAll(/\b([A-Z]{2,})-\d{2}\b/g)];
      return [file, ids.filter(([, family = '']) => !NO_FAMILIES.includes(family)).map(([id]) => id)];
    }),
  );
}
