import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as cors from 'nestjs-cors';
import { ROOT } from '../support/markdown.js';

const PAGE = readFileSync(join(ROOT, 'docs/api.md'), 'utf8');

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cors-api-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('docs/api.md', () => {
  it('is what `npm run docs:api` writes', async () => {
    const file = join(folder, 'api.md');
    await promisify(execFile)(process.execPath, ['scripts/api-reference.mjs', file], { cwd: ROOT });

    expect(readFileSync(file, 'utf8')).toBe(PAGE);
  });

  it('tells no path of the machine that it was written on', () => {
    expect(PAGE).not.toContain(ROOT);
  });

  it('has all that the package exports', () => {
    const headings = [...PAGE.matchAll(/^### (.*?)(?:\(\))?$/gm)].map(([, name = '']) => name.replaceAll('\\', ''));
    expect(headings).toEqual(expect.arrayContaining(Object.keys(cors)));
  });
});
