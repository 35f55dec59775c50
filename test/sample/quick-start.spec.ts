import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { freePort, startProgram, stopPrograms, writeScript } from '../support/program.js';
import {
  parseResponse,
  readmeBlock,
  readmeExchanges,
  type ReadmeExchange,
  type ReadmeResponse,
} from '../support/readme.js';

// A cold compilation on a busy machine takes its time; a program that fails says so at once.
const START_TIMEOUT = 120_000;
const PORT = '3000';
const hasCurl = spawnSync('curl', ['--version']).status === 0;
const printedExchanges = readmeExchanges.slice(0, 3);

afterAll(stopPrograms);

describe('the sample, started as `npm start` does', () => {
  let port: string;
  let output: string;

  beforeAll(async () => {
    port = await freePort();
    const sample = startProgram(['node_modules/@nestjs/cli/bin/nest.js', 'start'], { PORT: port });
    output = (await sample.until('Press Ctrl+C to stop.')).replace(/^ {2}/gm, '');
  }, START_TIMEOUT);

  it('prints the routes and their policies as README.md shows them', () => {
    expect(output).toContain(`\n\n${readmeBlock('text', 'GET /widget')}\n\n`);
  });

  it('prints the three commands that README.md begins with', () => {
    const commands = printedExchanges.map(({ command }) => command.replace(PORT, port));
    expect(output).toContain(`Try it:\n\n${commands.join('\n\n')}\n\n`);
  });

  it.each(readmeExchanges)('answers as README.md shows: $title', async exchange => {
    await expectAnswer(exchange, port);
  });
});

describe.each([
  ['Express', (source: string) => source],
  ['Fastify', onFastify],
])('the quick start of README.md, pasted into a file, on %s', (_platform, adapt) => {
  let port: string;
  let output: string;

  beforeAll(async () => {
    port = await freePort();
    const script = writeScript(adapt(`${readmeBlock('ts', 'app.listen(')}\n${readmeBlock('ts', '.explain(')}`));
    output = await startProgram([script], { PORT: port }).until('hint: ');
  }, START_TIMEOUT);

  it.each(printedExchanges)('answers as the sample does: $title', async exchange => {
    await expectAnswer(exchange, port);
  });

  it('explains a refusal in the words of README.md', () => {
    expect(output).toContain(readmeBlock('text', 'hint: '));
  });
});

describe('the mistakes of README.md', () => {
  it(
    'keep the app from booting, with the output that README.md shows',
    async () => {
      const script = writeScript(`
      import { Controller, Get, Module } from '@nestjs/common';
      import { NestFactory } from '@nestjs/core';
      import { Cors, CorsModule } from 'nestjs-cors';
      ${readmeBlock('ts', "'pubic'")}
      const app = await NestFactory.create(AppModule);
      await app.listen(0);
    `);
      const { code, output } = await startProgram([script]).ended;
      expect(output).toContain(`\n${readmeBlock('text', 'CorsConfigurationError')}\n`);
      expect(code).toBe(1);
    },
    START_TIMEOUT,
  );
});

function onFastify(source: string): string {
  const create = 'NestFactory.create(AppModule)';
  if (!source.includes(create)) throw new Error(`README.md does not say ${create}`);
  return `
    import { FastifyAdapter } from '@nestjs/platform-fastify';
    ${source.replace(create, 'NestFactory.create(AppModule, new FastifyAdapter())')}
  `;
}

/** The whole of the CORS headers, the others that README.md shows, and the body. */
async function expectAnswer(expected: ReadmeExchange, port: string): Promise<void> {
  const actual = await run(expected.command.replace(PORT, port));
  const shown = byName(expected.headers);
  const relevant = byName(actual.headers).filter(
    ([name]) => name.startsWith('access-control-') || name === 'vary' || shown.some(header => header[0] === name),
  );
  expect(actual.status).toBe(expected.status);
  expect(relevant).toEqual(shown);
  expect(actual.body).toBe(expected.body);
}

/** Headers in one order, their names in lower case: platforms differ in both. */
function byName(headers: readonly string[]): readonly (readonly [name: string, value: string])[] {
  return headers
    .map(header => {
      const colon = header.indexOf(': ');
      return [header.slice(0, colon).toLowerCase(), header.slice(colon + 2)] as const;
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Runs a `curl -i` command. */
async function run(command: string): Promise<ReadmeResponse> {
  if (!hasCurl) return send(command);
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  return parseResponse(stdout.replaceAll('\r\n', '\n'));
}

/** Sends what a command says, where there is no `curl`. */
async function send(command: string): Promise<ReadmeResponse> {
  const [url = ''] = /http:\S+/.exec(command) ?? [];
  const method = /-X (\w+)/.exec(command)?.[1] ?? 'GET';
  const sent = [...command.matchAll(/-H "(.*?): (.*?)"/g)].map(([, name = '', value = '']) => [name, value]);
  const client = request(url, { method, headers: Object.fromEntries(sent) as Record<string, string> }).end();
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  return {
    status: `HTTP/${httpVersion} ${String(statusCode)} ${String(statusMessage)}`,
    headers: rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${String(rawHeaders[i + 1])}`] : [])),
    body: await text(response),
  };
}
