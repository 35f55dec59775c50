import { Get, Header, Render, Res } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { APP } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

// ejs has no types, and needs none: the platforms are handed it whole.
const ejs: unknown = createRequire(import.meta.url)('ejs');

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'nestjs-cors-'));
  writeFileSync(join(folder, 'page.ejs'), '<p><%= text %></p>');
  writeFileSync(join(folder, 'broken.ejs'), '<p><%= missing.text %></p>');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the platforms' responses have in common once a view engine is set. */
interface ViewResponse {
  render?(view: string, data: object): unknown;
  view?(view: string, data: object): unknown;
}

class PageRoutes {
  @Header('Vary', 'Accept-Language')
  @Header('Access-Control-Allow-Origin', '*')
  @Render('page.ejs')
  @Get('page')
  page() {
    ran('page');
    return { text: 'text' };
  }

  @Get('own-page')
  ownPage(@Res() response: ViewResponse) {
    ran('own-page');
    if (response.view) response.view('page.ejs', { text: 'text' });
    else response.render?.('page.ejs', { text: 'text' });
  }

  @Render('broken.ejs')
  @Get('broken-page')
  brokenPage() {
    ran('broken-page');
    return { text: 'text' };
  }
}

afterEach(closeApps);

describe.each(PLATFORMS)('A view on %s', platform => {
  const start = () =>
    startApp({
      platform,
      cors: MODULE_POLICY,
      controllers: underEveryPolicy(PageRoutes),
      configure: app => {
        if (platform === 'fastify') {
          (app as NestFastifyApplication).setViewEngine({ engine: { ejs }, root: folder });
        } else {
          (app as NestExpressApplication).setBaseViewsDir(folder);
          (app as NestExpressApplication).setViewEngine('ejs');
        }
      },
    });

  it.each([
    ['of @Render(), with headers of its own', 'page', 'Accept-Language'],
    ['that the handler renders', 'own-page', undefined],
  ])("has the route's headers: %s", async (_what, path, vary) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: `/${path}` })).toEqual(
      ofEveryPolicy({ status: 200, ran: [path] }, vary),
    );
    const { headers, body } = await exchange(app, { path: `/listed/${path}`, headers: { Origin: APP } });
    expect({ type: headers['content-type'], body }).toEqual({ type: 'text/html; charset=utf-8', body: '<p>text</p>' });
  });

  it("has the route's headers where its template fails", async () => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path: '/broken-page' })).toEqual(
      ofEveryPolicy({ status: 500, ran: ['broken-page'] }),
    );
  });
});
