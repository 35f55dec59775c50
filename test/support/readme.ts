import { blocksOf, tablesOf, type Block, type Table } from './markdown.js';

/** The only block of a page in a language that contains a text. */
export function onlyBlock(page: string, language: string, containing: string): string {
  const found = blocksOf(page).filter(block => block.language === language && block.text.includes(containing));
  if (found.length !== 1) throw new Error(`${page} has ${String(found.length)} ${language} blocks with ${containing}`);
  return (found[0] as Block).text;
}

/** The rows of the tables under a heading of README.md that have a column of this name, with their Markdown. */
export function readmeTable(heading: string, column: string): Table['rows'] {
  const found = tablesOf('README.md').filter(table => table.heading === heading && table.columns.includes(column));
  if (found.length === 0) throw new Error(`README.md: no table with "${column}" under "${heading}"`);
  return found.flatMap(({ rows }) => rows);
}
