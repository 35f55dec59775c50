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
}

/** The guide's pages, and those at the root. */
export const PAGES: readonly string[] = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'sample/01-quick-start/README.md'],
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
  }));
}
