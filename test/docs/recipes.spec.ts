import { jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { METHODS } from 'node:http';
import { join } from 'node:path';
import * as apollo from '@nestjs/apollo';
import * as common from '@nestjs/common';
import { All, Controller, Delete, Get, type INestApplication, type Type } from '@nestjs/common';
import * as config from '@nestjs/config';
import * as core from '@nestjs/core';
import * as graphql from '@nestjs/graphql';
import * as express from '@nestjs/platform-express';
import type { NestExpressApplication } from '@nestjs/platform-express';
import * as fastify from '@nestjs/platform-fastify';
import fastifyCors from '@fastify/cors';
import corsMiddleware from 'cors';
import * as cors from 'nestjs-cors';
import { closeApps, configurationErrorOf, PLATFORMS, startApp, type Platform } from '../support/app.js';
import { portOf, preflightOf, send } from '../support/client.js';
import { exchangeAt, exchangesOf, expectAnswer, isCommand, type ShownExchange } from '../support/exchanges.js';
import { blocksOf, PAGES, ROOT, type Block } from '../support/markdown.js';
import { onlyBlock } from '../support/readme.js';
import { exportsOf, resultOf } from '../support/snippets.js';

const packages = {
  '@fastify/cors': { __esModule: true, default: fastifyCors },
  '@nestjs/apollo': apollo,
  '@nestjs/common': common,
  '@nestjs/config': config,
  '@nestjs/core': core,
  '@nestjs/graphql': graphql,
  '@nestjs/platform-express': express,
  '@nestjs/platform-fastify': fastify,
  cors: { __esModule: true, default: corsMiddleware },
  'nestjs-cors': cors,
};

/** An app of a page, and what the page shows of it. */
interface Shown {
  readonly title: string;
  /** All of its section. */
  readonly text: string;
  /** A block that exports `AppModule`. */
  readonly module: Block;
  /** A block that creates an app of it, where the page has one of its own: `const app = …`. */
  readonly main?: Block;
  /** Variables that the page sets for it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly exchanges: readonly ShownExchange[];
}

/** The requests of the others are sent by specs of their own: to the samples, and to the app of README.md. */
const GUIDE = PAGES.filter(
  page => !page.endsWith('README.md') && page !== 'docs/quick-start.md' && blocksOf(page).some(isCommand),
);

/** Node 20.19 does not. */
const knowsQuery = METHODS.includes('QUERY');

afterEach(closeApps);

describe.each(GUIDE)('%s', page => {
  describe.each(appsOf(page))('$title', shown => {
    it.each(platformsOf(shown))('is answered as it shows, on %s', async platform => {
      if (shown.module.text.includes('QueryMethod') && !knowsQuery) return;
      const app = await start(shown, platform);
      // A reader who pastes it sees no warning that the page says nothing about.
      expect(warningsOf(shown, app).filter(code => !shown.text.includes(code))).toEqual([]);
      for (const exchange of shown.exchanges) await expectAnswer(exchange, String(portOf(app)), 'optional');
    });
  });

  it('shows no request that nothing is sent for', () => {
    const commands = blocksOf(page).filter(isCommand);
    expect(appsOf(page).flatMap(({ exchanges }) => exchanges)).toHaveLength(commands.length);
  });
});

it.each(PAGES)('%s shows no response without the request that it answers', page => {
  const responses = blocksOf(page).filter(({ language }) => language === 'http');
  expect(exchangesOf(page)).toHaveLength(responses.length);
});

interface Replay {
  readonly logTraffic: (request: object, response: object) => void;
  readonly replay: (service: cors.CorsService, lines: readonly string[]) => Promise<readonly string[]>;
}

@Controller('articles')
class ArticlesController {
  @Get()
  list() {}
}

@Controller('users')
class UsersController {
  @Delete(':id')
  remove() {}
}

@Controller('all')
class AllController {
  @All()
  any() {}
}

describe('docs/recipes.md', () => {
  const spans = (text: string) => [...text.matchAll(/`(https:\/\/\*\.[^`]+)`/g)].map(([, origin = '']) => origin);

  it.each(spans(sectionOf('docs/recipes.md', 'Preview deployments')))(
    'is right that %s does not boot',
    async origin => {
      const { issues } = await configurationErrorOf({ cors: { origin: [origin] } });
      expect(issues.map(({ code }) => code)).toEqual(['origin_public_suffix']);
    },
  );

  it.each(PLATFORMS)('logs the traffic of the old app, and replays it, on %s', async platform => {
    const code = onlyBlock('docs/recipes.md', 'ts', 'function logTraffic');
    const { logTraffic, replay } = exportsOf(code, packages) as unknown as Replay;
    const logged: unknown[] = [];
    const spy = jest.spyOn(console, 'log').mockImplementation(line => void logged.push(line));
    const frontEnds = ['https://app.example.com', 'https://blog.example.com'];
    const controllers = [ArticlesController, UsersController];
    const old = await startApp({
      platform,
      controllers,
      configure: app => {
        const main = onlyBlock('docs/recipes.md', 'ts', platform === 'express' ? "on('finish'" : 'addHook(');
        exportsOf(main, packages, { app, logTraffic });
        app.enableCors({ origin: frontEnds, methods: ['GET', 'DELETE'] });
      },
    });
    const readFrom = (origin: string) => ({ path: '/articles?page=2', headers: { Origin: origin } });
    const removeOf = (path: string, origin: string) => preflightOf(path, origin, 'DELETE', 'x-csrf-token');
    const requests = [
      { path: '/articles', headers: {} },
      ...[readFrom('https://other.example.org'), removeOf('/users/1', 'https://other.example.org')],
      ...[readFrom('https://blog.example.com'), readFrom('https://blog.example.com')],
      ...['/users/1', '/users/20', '/users/1'].map(path => removeOf(path, 'https://app.example.com')),
    ];
    for (const request of requests) await send(old, request);
    spy.mockRestore();

    const shown = onlyBlock('docs/recipes.md', 'text', '{"method":"GET"');
    expect(logged).toEqual(shown.split('\n'));

    const policy = { origin: frontEnds[0] ?? '', allowedHeaders: ['x-csrf-token'] };
    const app = await startApp({ platform, controllers, cors: policy });
    const refused = await replay(app.get(cors.CorsService), logged as string[]);
    expect(refused).toEqual(onlyBlock('docs/recipes.md', 'text', 'GET /articles from').split('\n'));
  });

  it('is right about X-Powered-By: on preflights of Express, unless it is turned off', async () => {
    const poweredBy = async (configure?: (app: INestApplication) => unknown) => {
      const app = await startApp({ cors: { origin: 'https://app.example.com' }, ...(configure && { configure }) });
      const { headers } = await send(app, preflightOf('/', 'https://app.example.com', 'GET'));
      return headers['x-powered-by'];
    };
    expect(await poweredBy()).toBe('Express');
    expect(await poweredBy(app => (app as NestExpressApplication).disable('x-powered-by'))).toBeUndefined();
  });

  it.each(PLATFORMS)('is right that @All() serves QUERY, where Node knows it, on %s', async platform => {
    if (!knowsQuery) return;
    const app = await startApp({
      platform,
      cors: { origin: 'https://app.example.com' },
      controllers: [AllController],
    });
    const query = { method: 'QUERY', url: '/all', origin: 'https://app.example.com' };
    expect((await app.get(cors.CorsService).explain(query)).preflight.reason).toBe('allowed');
  });

  it('is right that origins of local hosts are a warning in production', async () => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = 'production';
    try {
      const app = await startApp({ cors: { origin: ['https://localhost', 'capacitor://localhost'] } });
      const warnings = app.get(cors.CorsService).warnings.map(({ code, value }) => [code, value]);
      expect(warnings).toEqual([['origin_loopback_in_production', 'https://localhost']]);
    } finally {
      process.env['NODE_ENV'] = before;
    }
  });
});

/** A page tells a story: each request is sent to the app that was shown last. */
function appsOf(page: string): readonly Shown[] {
  const apps: Shown[] = [];
  let module: Block | undefined;
  let main: Block | undefined;
  let environment: Readonly<Record<string, string>> = {};
  let exchanges: ShownExchange[] = [];
  const blocks = blocksOf(page);
  blocks.forEach((block, index) => {
    const { language, text, heading, line } = block;
    const isModule = language === 'ts' && text.includes('export class AppModule');
    const isMain = language === 'ts' && text.includes('const app = await NestFactory.create');
    if (isModule) [module, main] = [block, undefined];
    if (isMain) main = block;
    if (isModule || isMain) exchanges = [];
    if (language === 'sh' && /^[A-Z_]+=/.test(text)) environment = variablesOf(text);
    if (!isCommand(block)) return;
    if (module === undefined) throw new Error(`${page}:${String(line)}: no app was shown`);
    if (exchanges.length === 0) {
      const title = `${heading} (line ${String((main ?? module).line)})`;
      const text = sectionOf(page, module.heading);
      apps.push({ title, text, module, ...(main && { main }), environment, exchanges });
      environment = {};
    }
    exchanges.push(exchangeAt(blocks, index));
  });
  return apps;
}

/** The text under a `##` heading of a page. */
function sectionOf(page: string, heading: string): string {
  const [, text = ''] = readFileSync(join(ROOT, page), 'utf8').split(`\n## ${heading}\n`);
  return text.split('\n## ')[0] ?? '';
}

/** The codes of the warnings that an app logs when it boots. */
function warningsOf({ module }: Shown, app: INestApplication): readonly string[] {
  // The apps that a page migrates from do not have the module.
  if (!module.text.includes('CorsModule')) return [];
  return app.get(cors.CorsService).warnings.map(({ code }) => code);
}

function variablesOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split('\n').map(line => [line.split('=')[0] ?? '', line.replace(/^[^=]*=/, '')]));
}

function platformsOf({ main }: Shown): readonly Platform[] {
  if (main?.text.includes('NestFastifyApplication')) return ['fastify'];
  return main?.text.includes('NestExpressApplication') ? ['express'] : PLATFORMS;
}

async function start({ module, main, environment }: Shown, platform: Platform): Promise<INestApplication> {
  Object.assign(process.env, environment);
  try {
    const { AppModule } = exportsOf(module.text, packages);
    const imports = [AppModule as Type];
    if (main === undefined) return await startApp({ platform, imports });
    // What main.ts does after `create()`, done to an app that the test started for it.
    const body = main.text.replace(/NestFactory\.create[^;]*;/, 'created;').replace(/await app\.listen\(.*\);/, '');
    const configure = (created: INestApplication) => resultOf(body, packages, { created }, 'app');
    return await startApp({ platform, imports, configure });
  } finally {
    for (const name of Object.keys(environment)) Reflect.deleteProperty(process.env, name);
  }
}
