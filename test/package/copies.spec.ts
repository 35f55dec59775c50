import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT } from '../support/markdown.js';
import { requireBuild } from '../support/program.js';
import { onlyBlock } from '../support/readme.js';

const BOOT = `
  import 'reflect-metadata';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { CorsModule } from 'nestjs-cors';

  class App {}
  Module({ imports: [CorsModule.forRoot({ origin: ['https://app.example.com'] })] })(App);
  const app = await NestFactory.create(App, { logger: false, abortOnError: false }).catch(error => error);
  console.log(app.message);
`;

beforeAll(requireBuild);

afterAll(removeFiles);

it('An app whose package has another copy of @nestjs/core fails with the error that docs/recipes.md shows', () => {
  const folder = newFolder();
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'nestjs-cors');
  mkdirSync(join(own, 'node_modules/@nestjs'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name.startsWith('.') || name === 'nestjs-cors') continue;
    symlinkSync(join(ROOT, 'node_modules', name), join(modules, name), 'junction');
  }
  for (const name of ['package.json', 'dist']) cpSync(join(ROOT, name), join(own, name), { recursive: true });
  const core = 'node_modules/@nestjs/core';
  cpSync(join(ROOT, core), join(own, core), { recursive: true });
  const file = join(folder, 'main.mjs');
  writeFileSync(file, BOOT);

  const output = execFileSync(process.execPath, ['--no-warnings', file], { cwd: folder, encoding: 'utf8' });
  expect(output.split('\n')[0]).toBe(onlyBlock('docs/recipes.md', 'text', 'HttpAdapterHost'));
});
