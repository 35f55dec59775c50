import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as common from '@nestjs/common';
import * as testing from '@nestjs/testing';
import * as cors from 'nestjs-cors';
import supertest from 'supertest';
import * as apps from '../support/app.js';
import * as client from '../support/client.js';
import * as expected from '../support/expected.js';
import { blocksOf, ROOT } from '../support/markdown.js';
import { watchHandlers } from '../support/observe.js';
import { exportsOf } from '../support/snippets.js';

const packages = {
  '@nestjs/common': common,
  '@nestjs/testing': testing,
  'nestjs-cors': cors,
  supertest: { __esModule: true, default: supertest },
};
const snippetsOf = (page: string) => blocksOf(page).flatMap(({ language, text }) => (language === 'ts' ? [text] : []));
const [app, ...tests] = snippetsOf('docs/testing.md');

describe('docs/testing.md', () => {
  const { AppModule } = exportsOf(app ?? '', packages);

  // Its tests are tests.
  for (const test of tests) exportsOf(test, { ...packages, '../src/app.module': { AppModule } });

  it('has the configuration of Jest that the CommonJS app of test/consumers runs with', () => {
    const [block] = blocksOf('docs/testing.md').filter(({ language }) => language === 'json');
    const used = readFileSync(join(ROOT, 'test/consumers/nest-12-cjs/test/jest-e2e.json'), 'utf8');
    expect(JSON.parse(block?.text ?? '')).toEqual(JSON.parse(used));
  });
});

describe('CONTRIBUTING.md', () => {
  const { Controller, Put } = common;
  const scope = { Controller, Put, watchHandlers, ...apps, ...client, ...expected };
  for (const test of snippetsOf('CONTRIBUTING.md')) exportsOf(test, packages, scope);
});
