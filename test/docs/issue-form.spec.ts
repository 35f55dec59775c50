import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../support/markdown.js';

const FOLDER = join(ROOT, '.github/ISSUE_TEMPLATE');

interface Field {
  readonly id?: string;
  readonly type: string;
  readonly attributes: { readonly label?: string; readonly value?: string };
  readonly validations?: { readonly required: boolean };
}

const read = (file: string) => readFileSync(join(FOLDER, file), 'utf8');

describe('The issue form', () => {
  const { body } = parse(read('bug.yml')) as { readonly body: readonly Field[] };

  it('asks for what is needed to see a fault again', () => {
    const required = body.filter(({ validations }) => validations?.required).map(({ id }) => id);
    expect(required).toEqual(['route', 'request', 'response', 'expected', 'versions', 'platform']);
    expect(read('bug.yml')).toContain('curl -i');
  });

  it('has one label for each field', () => {
    const labels = body.flatMap(({ attributes }) => attributes.label ?? []);
    expect(new Set(labels).size).toBe(body.filter(({ type }) => type !== 'markdown').length);
  });

  it('sends vulnerabilities and messages of browsers to pages that exist', () => {
    const [introduction] = body;
    const pages = [...(introduction?.attributes.value ?? '').matchAll(/\/blob\/HEAD\/([\w./-]+)/g)];
    expect(pages.map(([, page = '']) => page)).toEqual(['SECURITY.md', 'docs/troubleshooting.md']);
    expect(pages.every(([, page = '']) => existsSync(join(ROOT, page)))).toBe(true);
    expect(read('config.yml')).toContain('SECURITY.md');
  });
});
