import * as common from '@nestjs/common';
import * as testing from '@nestjs/testing';
import * as cors from 'nestjs-cors';
import supertest from 'supertest';
import { blocksOf } from '../support/markdown.js';
import { exportsOf } from '../support/snippets.js';

const packages = {
  '@nestjs/common': common,
  '@nestjs/testing': testing,
  'nestjs-cors': cors,
  supertest: { __esModule: true, default: supertest },
};
const [app, ...tests] = blocksOf('docs/testing.md').flatMap(({ language, text }) => (language === 'ts' ? [text] : []));

describe('docs/testing.md', () => {
  const { AppModule } = exportsOf(app ?? '', packages);

  // Its tests are tests.
  for (const test of tests) exportsOf(test, packages, { AppModule });
});
