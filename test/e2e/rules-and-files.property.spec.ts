import type { INestApplication } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { ServeStaticModule } from '@nestjs/serve-static';
import fc from 'fast-check';
import type { CorsModuleOptions, CorsRouteRule } from 'nestjs-cors';
import serveStatic from 'serve-static';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { closeApps, PLATFORMS, startApp, type Platform } from '../support/app.js';
import { portOf, responseOf, type WireResponse } from '../support/client.js';
import { EVIL } from '../support/expected.js';
import '../support/fastify-static.js';
import { atLength } from '../support/length.js';
import { runs } from '../support/property.js';

/** Folders below `/files`, each with a file that says where it is. */
interface Tree {
  readonly folders: readonly string[];
  readonly rules: readonly { readonly folder: string; readonly isClosed: boolean; readonly isEscaped: boolean }[];
}

/** How a file is asked for: the plain path, or another spelling of it that leads through another folder. */
interface Spelling {
  readonly file: number;
  readonly detour: number;
  readonly choices: readonly number[];
}

/** How many trees each server is given. */
const TREES = atLength(8, 4);
const NAMES = ['public', 'private', 'a b', '\u00e9t\u00e9', 'x..y', '100%', 'v;1'];
const trees: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.array(fc.constantFrom(...NAMES), { minLength: 1, maxLength: 3 }), {
    minLength: 3,
    maxLength: 6,
    selector: names => names.join('/'),
  })
  .chain(paths => {
    const folders = [...new Set(paths.flatMap(names => names.map((_, index) => names.slice(0, index + 1).join('/'))))];
    const rule = fc.record({ folder: fc.constantFrom(...folders), isClosed: fc.boolean(), isEscaped: fc.boolean() });
    return fc.record({ folders: fc.constant(folders), rules: fc.array(rule, { minLength: 1, maxLength: 4 }) });
  });
const spellings: fc.Arbitrary<Spelling> = fc.record({
  file: fc.nat(99),
  detour: fc.nat(99),
  choices: fc.array(fc.nat(99), { minLength: 32, maxLength: 32 }),
});

const escaped = (character: string) => encodeURIComponent(character).replace(/^[!-~]$/, one => `%${hex(one)}`);
const hex = (character: string) => character.charCodeAt(0).toString(16);
const again = (escape: string) => escape.replaceAll('%', '%25');

/** What may be between two names, by how many times a path has to be decoded for it. */
const SEPARATORS = [
  ['//', '/./', '\\', ';v=1/', '/;/', '/x/../', '/x/..;/'],
  ['%2f', '%2F', '%2f/', '%5c', '/%2e/', '/%2e%2f', '/x%2f..%2f', '/x/%2e%2e/', '/x/..%5c', '/x/.%2e/', '/%00/'],
  ['%252f', '%255c', '/%252e/', '/x%2f%252e%252e%2f', '/x%252f..%2f'],
] as const;
/** The way from a folder to the one above. */
const BACK = [
  ['/../', '\\..\\', '/..;/'],
  ['/..%2f', '/%2e%2e/', '/.%2e%2f', '%2f..%2f', '%5c..%5c'],
  ['/%252e%252e/', '%2f%252e%252e%252f', '%252f..%2f'],
] as const;

/** A spelling of a path, from choices: some have one oddity, some many. */
function spell(path: string, detour: string, [rounds = 0, amount = 0, ...choices]: readonly number[]): string {
  let next = 0;
  const choose = () => choices[next++ % choices.length] ?? 0;
  const happens = (percent: number) => choose() < percent * (1 + (amount % 3));
  const oneOf = (lists: readonly (readonly string[])[]) => {
    const all = lists.slice(0, 1 + (rounds % 3)).flat();
    return all[choose() % all.length] ?? '/';
  };
  const character = (one: string) => {
    const usual = encodeURIComponent(one);
    if (!happens(2)) return usual;
    const once = escaped(one);
    return oneOf([[encodeURIComponent(one.toUpperCase())], [once, once, once], [again(once), again(again(once))]]);
  };
  const separator = () => (happens(7) ? oneOf(SEPARATORS) : '/');
  const spelled = (folder: string) =>
    folder
      .split('/')
      .map(name => [...name].map(character).join(''))
      .reduce((whole, name) => `${whole}${separator()}${name}`);
  if (detour === '' || !happens(25)) return `/files${separator()}${spelled(path)}`;
  // Between two `..` there is a separator already.
  const back = detour
    .split('/')
    .map((_, index) => oneOf(BACK).replace(index === 0 ? '' : /^(?:\/|%(?:25)?2f|\\|%5c)/, ''));
  return `/files${separator()}${spelled(detour)}${back.join('')}${spelled(path)}`;
}

const plain = (path: string) => `/files/${path.split('/').map(encodeURIComponent).join('/')}`;
const MODULE = 'x-module';
const nameOf = (rule: number) => `x-rule-${String(rule)}`;
const opened = (name: string) => ({ 'access-control-allow-origin': '*', 'access-control-expose-headers': name });

/** Rules whose policies can be told apart, under a module that is open to everyone. */
function optionsOf({ rules }: Tree): CorsModuleOptions {
  const routes = rules.map(({ folder, isClosed, isEscaped }, index): CorsRouteRule => ({
    path: isEscaped ? plain(folder) : `/files/${folder}`,
    policy: isClosed ? false : { origin: '*', exposedHeaders: [nameOf(index)] },
  }));
  return { origin: '*', exposedHeaders: [MODULE], routes };
}

/** The CORS headers of a file: those of the first rule whose folder it is in. */
function headersOf(path: string, { rules }: Tree): Readonly<Record<string, string>> {
  const index = rules.findIndex(({ folder }) => path.startsWith(`${folder}/`));
  if (index === -1) return opened(MODULE);
  return rules[index]?.isClosed === true ? {} : opened(nameOf(index));
}

let top: string;
let count = 0;

beforeAll(() => {
  top = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
});

afterAll(() => {
  rmSync(top, { recursive: true });
});

afterEach(closeApps);

/** Writes a tree, and a file beside the folders. */
function write({ folders }: Tree): string {
  const root = join(top, String(count++));
  for (const folder of ['.', ...folders]) {
    mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, folder, 'f.txt'), contentOf(posix.join(folder, 'f.txt')));
  }
  return root;
}

const contentOf = (path: string) => `<${path}>`;

interface FileServer {
  readonly imports?: (root: string) => readonly ReturnType<typeof ServeStaticModule.forRoot>[];
  readonly configure?: (app: INestApplication, root: string, platform: Platform) => void;
  /** What is in front of the app makes this of a path. */
  readonly proxy?: (path: string) => string;
}

function useStaticAssets(app: INestApplication, root: string, platform: Platform): void {
  if (platform === 'express') (app as NestExpressApplication).useStaticAssets(root, { prefix: '/files/' });
  else (app as NestFastifyApplication).useStaticAssets({ root, prefix: '/files/' });
}

/** A middleware that serves what it makes of a path. */
const rewriting = (rewrite: (path: string) => string): FileServer => ({
  configure: (app, root) => {
    const serve = serveStatic(root);
    app.use((request: IncomingMessage, response: ServerResponse, next: () => void) => {
      try {
        request.url = rewrite(request.url ?? '/').replace(/^\/files(?=\/)/, '');
      } catch {
        response.statusCode = 400;
        response.end();
        return;
      }
      serve(request, response, next);
    });
  },
});

/** Decodes a path once, and escapes what cannot be sent: `%` can. */
const decode = (path: string) => decodeURIComponent(path).replace(/[^!-~]|[?#]/gu, encodeURIComponent);
const normalize = (path: string) => posix.normalize(path);

const SERVERS: Readonly<Record<string, FileServer>> = {
  'useStaticAssets()': { configure: useStaticAssets },
  '@nestjs/serve-static': { imports: root => [ServeStaticModule.forRoot({ rootPath: root, serveRoot: '/files' })] },
  'serve-static': { configure: (app, root) => app.use('/files', serveStatic(root)) },
  'a middleware that decodes': rewriting(decode),
  'a middleware that decodes twice': rewriting(path => decode(decode(path))),
  'a middleware that decodes and normalizes': rewriting(path => normalize(decode(path))),
  'a middleware that normalizes and decodes': rewriting(path => decode(normalize(path))),
  'a middleware that reads a URL': rewriting(path => new URL(path, 'http://localhost').pathname),
  'a middleware that cuts parameters': rewriting(path => decode(path).replace(/;[^/]*/g, '')),
  'useStaticAssets() behind a proxy that decodes': { configure: useStaticAssets, proxy: decode },
  'useStaticAssets() behind a proxy that normalizes': {
    configure: useStaticAssets,
    proxy: path => normalize(decode(path)),
  },
};

async function start(server: FileServer, platform: Platform, tree: Tree) {
  const root = write(tree);
  const app = await startApp({
    platform,
    cors: optionsOf(tree),
    imports: [...(server.imports?.(root) ?? [])],
    configure: each => server.configure?.(each, root, platform),
  });
  // A connection for each request would take as long again as its answer.
  const agent = new Agent({ keepAlive: true });
  const stop = async () => {
    agent.destroy();
    await closeApps();
  };
  if (server.proxy === undefined) return { port: portOf(app), agent, stop };
  const proxy = await startProxy(portOf(app), server.proxy, agent);
  return {
    port: (proxy.address() as AddressInfo).port,
    agent,
    stop: async () => {
      proxy.close();
      await stop();
    },
  };
}

async function startProxy(port: number, rewrite: (path: string) => string, agent: Agent) {
  const proxy = createServer((incoming, response) => {
    void (async () => {
      const answer = await get(port, rewrite(incoming.url ?? '/'), agent);
      response.writeHead(answer.status, answer.cors as Record<string, string>).end(answer.body);
    })().catch(() => response.writeHead(400).end());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return proxy;
}

async function get(port: number, path: string, agent: Agent): Promise<WireResponse> {
  const request = httpRequest({ host: '127.0.0.1', port, path, agent, headers: { Origin: EVIL } }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return responseOf(response, await text(response));
}

/** Whether there is no CORS header, but for what a list says where it refuses. */
const isNone = (cors: WireResponse['cors']) => Object.keys(cors).every(name => name === 'vary');

describe.each(PLATFORMS)('A file under the folder of a rule on %s', platform => {
  it.each(Object.entries(SERVERS))('has the headers of that rule, or none: %s', async (_name, server) => {
    const seen = { plain: 0, served: 0, other: 0, doubted: 0 };
    await fc.assert(
      fc.asyncProperty(trees, fc.array(spellings, { minLength: 60, maxLength: 60 }), async (tree, asked) => {
        const files = ['', ...tree.folders].map(folder => posix.join(folder, 'f.txt'));
        const { port, agent, stop } = await start(server, platform, tree);
        try {
          for (const file of files) {
            const { body, cors } = await get(port, plain(file), agent);
            // A `%` or a `;` in a name makes a path that is not plain: proxies and servers read it in several ways.
            const isPlain = !/[%;]/.test(file);
            if (isPlain)
              expect({ file, body, cors }).toEqual({ file, body: contentOf(file), cors: headersOf(file, tree) });
            seen.plain++;
          }
          for (const { file, detour, choices } of asked) {
            const path = spell(
              files[file % files.length] ?? '',
              ['', ...tree.folders][detour % files.length] ?? '',
              choices,
            );
            const { body, cors } = await get(port, path, agent);
            const served = files.find(each => body === contentOf(each));
            if (served === undefined) continue;
            seen.served++;
            if (path !== plain(served)) seen.other++;
            if (isNone(cors)) {
              seen.doubted++;
              continue;
            }
            expect({ path, served, cors }).toEqual({ path, served, cors: headersOf(served, tree) });
          }
        } finally {
          await stop();
        }
      }),
      // To shrink takes as many apps again.
      { ...runs(8), numRuns: TREES, endOnFailure: true },
    );
    expect(seen.plain).toBeGreaterThan(2.5 * TREES);
    expect(seen.other).toBeGreaterThan(1.25 * TREES);
    expect(seen.doubted).toBeGreaterThan(0.25 * TREES);
  });
});
