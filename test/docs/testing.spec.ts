import assert from 'node:assert/strict';
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
const snippetsOf = (page: string, language = 'ts') =>
  blocksOf(page).flatMap(block => (block.language === language ? [block.text] : []));
const [app, ...tests] = snippetsOf('docs/testing.md');

describe('docs/testing.md', () => {
  const { AppModule } = exportsOf(app ?? '', packages);

  // Its tests are tests.
  for (const test of tests) exportsOf(test, { ...packages, '../src/app.module': { AppModule } });

  // So is the one for node:test, under the names that Jest has for what it imports.
  const nodePackages = {
    'node:assert/strict': { __esModule: true, default: assert },
    'node:test': { after: afterAll, before: beforeAll, describe, it },
  };
  for (const test of snippetsOf('docs/testing.md', 'js')) {
    exportsOf(test, { ...packages, ...nodePackages, '../dist/app.module.js': { AppModule } });
  }

  it('has the configurations of Jest that a sample and the CommonJS app of test/consumers run with', () => {
    const used = ['sample/06-e2e-testing/test/jest-e2e.json', 'test/consumers/nest-12-cjs/test/jest-e2e.json'];
    expect(snippetsOf('docs/testing.md', 'json').map(text => JSON.parse(text) as unknown)).toEqual(
      used.map(file => JSON.parse(readFileSync(join(ROOT, file), 'utf8')) as unknown),
    );
  });
});

describe('CONTRIBUTING.md', () => {
  const { Controller, Put } = common;
  const scope = { Controller, Put, watchHandlers, ...apps, ...client, ...expected };
  for (const test of snippetsOf('CONTRIBUTING.md')) exportsOf(test, packages, scope);
});
