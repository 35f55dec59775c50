import { exchangesOf, expectAnswer } from '../support/exchanges.js';
import { freePort, startProgram, stopPrograms, writeScript } from '../support/program.js';
import { onlyBlock } from '../support/readme.js';

const PORT = '3000';
const PAGE = 'docs/quick-start.md';
const DEBUGGING = 'docs/debugging.md';
const exchanges = exchangesOf(PAGE);
const printedExchanges = exchanges.slice(0, 3);

afterAll(stopPrograms);

describe('the sample, started as `npm start` does', () => {
  let port: string;
  let output: string;

  beforeAll(async () => {
    port = await freePort();
    const sample = startProgram(['node_modules/@nestjs/cli/bin/nest.js', 'start'], { PORT: port });
    output = (await sample.until('Press Ctrl+C to stop.')).replace(/^ {2}/gm, '');
  });

  it('prints the routes and their policies as the page shows them', () => {
    expect(output).toContain(`\n\n${onlyBlock(PAGE, 'text', 'GET /widget')}\n\n`);
  });

  it('prints the three commands that the page begins with', () => {
    const commands = printedExchanges.map(({ command }) => command.replace(PORT, port));
    expect(output).toContain(`Try it:\n\n${commands.join('\n\n')}\n\n`);
  });

  it.each(exchanges)('answers as the page shows: $title', async exchange => {
    await expectAnswer(exchange, port);
  });
});

describe.each([
  ['Express', (source: string) => source],
  ['Fastify', onFastify],
])('docs/quick-start.md, pasted into a file, on %s', (_platform, adapt) => {
  let port: string;
  let output: string;

  beforeAll(async () => {
    port = await freePort();
    const script = writeScript(adapt(`${onlyBlock(PAGE, 'ts', 'app.listen(')}\n${onlyBlock(PAGE, 'ts', '.explain(')}`));
    output = await startProgram([script], { PORT: port }).until('hint: ');
  });

  it.each(printedExchanges)('answers as the sample does: $title', async exchange => {
    await expectAnswer(exchange, port);
  });

  it('explains a refusal in the words of the page', () => {
    expect(output).toContain(onlyBlock(PAGE, 'text', 'hint: '));
  });
});

describe('the mistakes of docs/debugging.md', () => {
  it('keep the app from booting, with the output that the page shows', async () => {
    const script = writeScript(`
      import { Controller, Get, Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { Cors, CorsModule } from 'nestjs-cors';
      ${onlyBlock(DEBUGGING, 'ts', 'class ReportsController')}
      const app = await NestFactory.create(AppModule);
      await app.listen(0);
    `);
    const { code, output } = await startProgram([script]).ended;
    expect(output).toContain(`\n${onlyBlock(DEBUGGING, 'text', 'CorsConfigurationError')}\n`);
    expect(code).toBe(1);
  });
});

function onFastify(source: string): string {
  const create = 'NestFactory.create(AppModule)';
  if (!source.includes(create)) throw new Error(`${PAGE} does not say ${create}`);
  return `
    import { FastifyAdapter } from '@nestjs/platform-fastify';
    ${source.replace(create, 'NestFactory.create(AppModule, new FastifyAdapter())')}
  `;
}
