import { exchangesOf } from './exchanges.js';
import { blocksOf, tablesOf, type Block, type Table } from './markdown.js';

export const readmeBlocks = blocksOf('README.md');
export const readmeExchanges = exchangesOf('README.md');

/** The only block of a language that contains a text. */
export function readmeBlock(language: string, containing: string): string {
  const found = readmeBlocks.filter(block => block.language === language && block.text.includes(containing));
  if (found.length !== 1)
    throw new Error(`README.md has ${String(found.length)} ${language} blocks with ${containing}`);
  return (found[0] as Block).text;
}

/** The rows of the table under a heading that has a column of this name, each cell with its Markdown. */
export function readmeTable(heading: string, column: string): Table['rows'] {
  const found = tablesOf('README.md').find(table => table.heading === heading && table.columns.includes(column));
  if (found === undefined) throw new Error(`README.md: no table with "${column}" under "${heading}"`);
  return found.rows;
}
