import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, SAMPLES, tablesOf } from '../support/markdown.js';

/** How wide a repository's host shows a page, in pixels. A wider table wraps or scrolls. */
const WIDEST = 846;

/** How wide it shows a character of text, one of code, the edges of a code span, and those of a cell. */
const PIXELS = { text: 7.4, code: 8.2, span: 11, cell: 27 };

/** Not bench/RESULTS.md: its tables are columns of numbers, which the benchmark writes. */
const PAGES: readonly string[] = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'bench/README.md'],
  ...SAMPLES.map(sample => `sample/${sample}/README.md`),
  ...readdirSync(join(ROOT, 'docs')).map(name => `docs/${name}`),
];

it.each(PAGES)('%s has no table that is wider than a page, its longest cells on one line', page => {
  const tables = tablesOf(page).map(({ heading, columns, rows }) => {
    const widths = columns.map((_, column) =>
      Math.max(...[columns, ...rows].map(cells => widthOf(cells[column] ?? ''))),
    );
    return { heading, width: Math.round(widths.reduce((sum, width) => sum + width + PIXELS.cell, 0)) };
  });
  expect(tables.filter(({ width }) => width > WIDEST)).toEqual([]);
});

/** The width of a cell on one line, without the marks of links and emphasis. */
function widthOf(markdown: string): number {
  const shown = markdown.replace(/\[((?:[^\]`]|`[^`]*`)*)\]\([^)]*\)/g, '$1');
  // Every second part is code.
  return shown.split('`').reduce((sum, part, index) => {
    if (index % 2 === 1) return sum + part.length * PIXELS.code + PIXELS.span;
    return sum + part.replace(/[*_\\]/g, '').length * PIXELS.text;
  }, 0);
}
