import { blocksOf, tablesOf, type Block, type Table } from './markdown.js';

/** A response in the form that `curl -i` prints it. */
export interface ReadmeResponse {
  readonly status: string;
  /** `Name: value` */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A command of README.md and the response that it shows. */
export interface ReadmeExchange extends ReadmeResponse {
  readonly command: string;
  /** The command on one line. */
  readonly title: string;
}

export const readmeBlocks = blocksOf('README.md');

/** The only block of a language that contains a text. */
export function readmeBlock(language: string, containing: string): string {
  const found = readmeBlocks.filter(block => block.language === language && block.text.includes(containing));
  if (found.length !== 1)
    throw new Error(`README.md has ${String(found.length)} ${language} blocks with ${containing}`);
  return (found[0] as Block).text;
}

/** Every `curl` command, with the response that follows it. */
export const readmeExchanges: readonly ReadmeExchange[] = readmeBlocks.flatMap((block, index) => {
  if (!block.text.startsWith('curl ')) return [];
  const response = readmeBlocks[index + 1];
  if (response?.language !== 'http') throw new Error(`README.md:${String(block.line)}: no response follows`);
  const { text: command } = block;
  return [{ command, title: command.replace(/ \\\n\s*/g, ' '), ...parseResponse(response.text) }];
});

export function parseResponse(text: string): ReadmeResponse {
  const [head = '', body = ''] = text.split('\n\n');
  const [status = '', ...headers] = head.trimEnd().split('\n');
  return { status, headers, body };
}

/** The rows of the table under a heading that has a column of this name, each cell with its Markdown. */
export function readmeTable(heading: string, column: string): Table['rows'] {
  const found = tablesOf('README.md').find(table => table.heading === heading && table.columns.includes(column));
  if (found === undefined) throw new Error(`README.md: no table with "${column}" under "${heading}"`);
  return found.rows;
}
