import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sqlite from 'node-sqlite3-wasm';
import { exchangesOf, expectAnswer, parseResponse } from '../support/exchanges.js';
import { newFolder, removeFiles } from '../support/files.js';
import { ROOT, SAMPLES } from '../support/markdown.js';
import { requireBuild, startProgram, stopPrograms } from '../support/program.js';

// The first sample is that of docs/quick-start.md, with a suite of its own.
const OTHERS = SAMPLES.filter(sample => sample !== '01-quick-start');

/** What the pages of the samples say in words. */
const FURTHER: Readonly<Record<string, readonly (readonly [title: string, command: string, response: string])[]>> = {
  '02-fastify': [
    [
      'the raw route has the policy of its rule',
      'curl -i http://localhost:3000/health -H "Origin: https://any.example.org"',
      'HTTP/1.1 200 OK\nAccess-Control-Allow-Origin: *\n\n{"status":"ok"}',
    ],
    [
      'another page may not change a book',
      'curl -i http://localhost:3000/books/1 -X OPTIONS -H "Origin: https://any.example.org" -H "Access-Control-Request-Method: PUT"',
      refusal(),
    ],
  ],
  '03-graphql': [
    [
      'another page gets no permission',
      'curl -i http://localhost:3000/graphql -X OPTIONS -H "Origin: https://any.example.org" -H "Access-Control-Request-Method: POST"',
      refusal(),
    ],
    [
      'the rest of the app is closed to other origins',
      'curl -i http://localhost:3000/other -X OPTIONS -H "Origin: https://app.example.com" -H "Access-Control-Request-Method: POST"',
      refusal(),
    ],
  ],
  '04-versioned-api': [
    [
      'the new version is not open to any page',
      'curl -i http://localhost:3000/v2/prices -H "Origin: https://any.example.org"',
      'HTTP/1.1 200 OK\nVary: Origin\n\n[{"item":"tea","price":{"amount":3,"currency":"EUR"}}]',
    ],
  ],
  '05-tenants': [
    [
      'an origin of one tenant may not read the API of another',
      'curl -i http://localhost:3000/orders -H "Host: globex.api.example.com" -H "Origin: https://shop.acme.example"',
      'HTTP/1.1 200 OK\nVary: Origin\n\n[{"id":1,"item":"tea"}]',
    ],
  ],
  '06-e2e-testing': [
    [
      'a method that no handler serves is refused',
      'curl -i http://localhost:3000/account -X OPTIONS -H "Origin: https://app.example.com" -H "Access-Control-Request-Method: POST"',
      refusal(),
    ],
  ],
};

afterAll(() => {
  stopPrograms();
  removeFiles();
});

describe.each(OTHERS)('sample/%s, built and started', sample => {
  let port: string;

  beforeAll(async () => {
    requireBuild();
    const nest = [join(ROOT, 'node_modules/@nestjs/cli/bin/nest.js'), 'build'];
    const build = await startProgram(nest, {}, folderOf(sample)).ended;
    expect(build).toEqual({ code: 0, output: '' });
    port = await start(sample);
  });

  it.each(exchangesOf(`sample/${sample}/README.md`))('answers as its README.md shows: $title', async exchange => {
    await expectAnswer(exchange, port);
  });

  it.each(FURTHER[sample] ?? [])('is as its README.md says: %s', async (title, command, response) => {
    await expectAnswer({ command, title, ...parseResponse(response) }, port);
  });

  it('is listed in README.md', () => {
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain(`\`sample/${sample}\``);
  });
});

it('sample/05-tenants reads the tenants from a database file', async () => {
  const file = join(newFolder(), 'tenants.db');
  const database = new sqlite.Database(file);
  database.exec(`
      CREATE TABLE tenant_origins (host TEXT NOT NULL, origin TEXT NOT NULL, PRIMARY KEY (host, origin));
      INSERT INTO tenant_origins VALUES ('initech.api.example.com', 'https://initech.example');
    `);
  database.close();

  const port = await start('05-tenants', { DATABASE: file });
  const command =
    'curl -i http://localhost:3000/orders -H "Host: initech.api.example.com" -H "Origin: https://initech.example"';
  const [shown] = exchangesOf('sample/05-tenants/README.md');
  const headers = shown?.headers.map(header => header.replace('https://shop.acme.example', 'https://initech.example'));
  await expectAnswer({ ...parseResponse(''), ...shown, title: '', command, headers: headers ?? [] }, port);
});

it('the tests of sample/06-e2e-testing pass, started as its README.md says', async () => {
  const options = { cwd: folderOf('06-e2e-testing'), shell: process.platform === 'win32' };
  // What fails is in the error's output.
  const { stderr } = await promisify(execFile)('npm', ['run', '--silent', 'test:e2e'], options);
  expect(stderr).toMatch(/^Tests: +9 passed, 9 total$/m);
});

async function start(sample: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const program = startProgram(['dist/main.js'], { ...env, PORT: '0' }, folderOf(sample));
  const [, port = ''] = /running on: .*:(\d+)$/m.exec(await program.until('running on: ')) ?? [];
  return port;
}

function folderOf(sample: string): string {
  return join(ROOT, 'sample', sample);
}

function refusal(): string {
  return [
    'HTTP/1.1 403 Forbidden',
    'Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    '',
    '{"statusCode":403,"message":"Refused by the CORS policy of this resource","error":"Forbidden"}',
  ].join('\n');
}
