import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A fenced block of a page. */
export interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
  /** The line of its first character, from 1. */
  readonly line: number;
  /** The `##` heading that it stands under; `''` above the first. */
  readonly heading: string;
}

export const SAMPLES: readonly string[] = readdirSync(`${ROOT}/sample`);

/** The guide's pages, those of the samples, and those at the root. */
export const PAGES: readonly string[] = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'test/README.md'],
  ...SAMPLES.map(sample => `sample/${sample}/README.md`),
  ...readdirSync(`${ROOT}/docs`).map(name => `docs/${name}`),
];

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): readonly Block[] {
  const text = readFileSync(`${ROOT}/${page}`, 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(({ 1: language = '', 2: block = '', index }) => ({
    page,
    language,
    text: block.trimEnd(),
    line: text.slice(0, index).split('\n').length + 1,
    heading: [...text.slice(0, index).matchAll(/^## (.*)$/gm)].at(-1)?.[1] ?? '',
  }));
}

/** A table of a page, its cells with their Markdown. */
export interface Table {
  /** The `##` heading that it stands under; `''` above the first. */
  readonly heading: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The tables of a page, in order. */
export function tablesOf(page: string): readonly Table[] {
  const sections = readFileSync(`${ROOT}/${page}`, 'utf8').split(/^## /m);
  return sections.flatMap((section, index) => {
    const heading = index === 0 ? '' : (section.split('\n', 1)[0] ?? '');
    const tables = section.split(/\n{2,}/).filter(text => text.startsWith('|'));
    return tables.map(table => {
      const [columns = [], , ...rows] = table.trimEnd().split('\n').map(cells);
      return { heading, columns, rows };
    });
  });
}

function cells(row: string): readonly string[] {
  return row
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map(cell => cell.trim());
}
