import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { blocksOf, type Block } from './markdown.js';

/** A response in the form that `curl -i` prints it. */
export interface ShownResponse {
  readonly status: string;
  /** `Name: value` */
  readonly headers: readonly string[];
  readonly body: string;
}

/** A command of a page and the response that it shows. */
export interface ShownExchange extends ShownResponse {
  readonly command: string;
  /** The command on one line. */
  readonly title: string;
}

/** The port that the commands of all pages name. */
const PORT = '3000';
const hasCurl = spawnSync('curl', ['--version']).status === 0;

/** Every `curl` command of a page, with the response that follows it. */
export function exchangesOf(page: string): readonly ShownExchange[] {
  const blocks = blocksOf(page);
  return blocks.flatMap((block, index) => (isCommand(block) ? exchangeAt(blocks, index) : []));
}

export function isCommand({ language, text }: Block): boolean {
  return language === 'sh' && text.startsWith('curl ');
}

/** The command that is a block, and the response in the block after it. */
export function exchangeAt(blocks: readonly Block[], index: number): ShownExchange {
  const { text: command = '', page, line } = blocks[index] ?? {};
  const response = blocks[index + 1];
  if (response?.language !== 'http') throw new Error(`${String(page)}:${String(line)}: no response follows`);
  return { command, title: command.replace(/ \\\n\s*/g, ' '), ...parseResponse(response.text) };
}

export function parseResponse(text: string): ShownResponse {
  const [head = '', body = ''] = text.split('\n\n');
  const [status = '', ...headers] = head.trimEnd().split('\n');
  return { status, headers, body };
}

/**
 * Sends what a page shows to an app at a port, and compares: the whole of the CORS headers, the others that are shown,
 * and the body, which a page may leave out.
 */
export async function expectAnswer(expected: ShownExchange, port: string, body: 'shown' | 'optional' = 'shown') {
  const actual = await run(expected.command.replace(`:${PORT}`, `:${port}`));
  const shown = byName(expected.headers);
  const relevant = byName(actual.headers).filter(
    ([name]) => name.startsWith('access-control-') || name === 'vary' || shown.some(header => header[0] === name),
  );
  expect(actual.status).toBe(expected.status);
  expect(relevant).toEqual(shown);
  if (body === 'shown' || expected.body !== '') expect(actual.body.trimEnd()).toBe(expected.body);
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
async function run(command: string): Promise<ShownResponse> {
  if (!hasCurl) return send(command);
  const { stdout } = await promisify(execFile)('sh', ['-c', command]);
  return parseResponse(stdout.replaceAll('\r\n', '\n'));
}

/** Sends what a command says, where there is no `curl`. */
async function send(command: string): Promise<ShownResponse> {
  const [url = ''] = /http:\S+/.exec(command) ?? [];
  const body = /-d '(.*?)'/.exec(command)?.[1];
  const method = /-X (\w+)/.exec(command)?.[1] ?? (body === undefined ? 'GET' : 'POST');
  const sent = [...command.matchAll(/-H "(.*?): (.*?)"/g)].map(([, name = '', value = '']) => [name, value]);
  const client = request(url, { method, headers: Object.fromEntries(sent) as Record<string, string> }).end(body);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const { httpVersion, statusCode, statusMessage, rawHeaders } = response;
  return {
    status: `HTTP/${httpVersion} ${String(statusCode)} ${String(statusMessage)}`,
    headers: rawHeaders.flatMap((name, i) => (i % 2 === 0 ? [`${name}: ${String(rawHeaders[i + 1])}`] : [])),
    body: await text(response),
  };
}
