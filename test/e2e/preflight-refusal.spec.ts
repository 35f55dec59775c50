import {
  Catch,
  Controller,
  ForbiddenException,
  Injectable,
  Put,
  type ArgumentsHost,
  type ExceptionFilter,
  type INestApplication,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import { CorsForbiddenException, CorsGuard, CorsInterceptor, type CorsModuleOptions } from 'nestjs-cors';
import { FORBIDDEN_BODY } from '../../lib/request/forbidden.exception.js';
import type { REMEDIES } from '../../lib/decision/remedies.js';
import { hintFor } from '../support/remedy.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, sendLines, type WireRequest } from '../support/client.js';
import { APP, EVIL, granted, REFUSED } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observed, exchange, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP };

@Controller('cats')
class CatsController {
  @Put(':id')
  replace() {
    return ran('replace');
  }
}

const controllers = [CatsController];
const refused = { status: 403, cors: REFUSED, ran: [] };

const HEADER = 'allowedHeaders: add("x-other"), which keeps content-type, authorization';

/** Refusals, with the part at fault, and whether it is an allowed origin that the browser's message would not explain. */
const REFUSALS: readonly (readonly [
  reason: keyof typeof REMEDIES,
  request: WireRequest,
  detail: string,
  isOfAllowedOrigin: boolean,
])[] = [
  ['origin-not-allowed', preflightOf('/cats/1', EVIL, 'PUT'), EVIL, false],
  ['origin-null', preflightOf('/cats/1', 'null', 'PUT'), 'null', false],
  ['origin-malformed', preflightOf('/cats/1', `${APP}/`, 'PUT'), `${APP}/`, false],
  ['method-not-routed', preflightOf('/cats/1', APP, 'DELETE'), 'DELETE', true],
  ['method-malformed', preflightOf('/cats/1', APP, ''), '', false],
  ['header-not-allowed', preflightOf('/cats/1', APP, 'PUT', 'x-other'), 'x-other', true],
  ['headers-malformed', preflightOf('/cats/1', APP, 'PUT', 'a b'), 'a b', false],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A refused preflight on %s', platform => {
  it.each(REFUSALS)(
    'has one constant body, whatever the reason: %s',
    async (_reason, request, _detail, isOfAllowedOrigin) => {
      const logger = new RecordingLogger();
      const app = await startApp({ platform, cors, controllers, nest: { logger } });
      const response = await exchange(app, request);

      expect(response.observed).toEqual(refused);
      expect(JSON.parse(response.body)).toEqual(FORBIDDEN_BODY);
      expect(logger.ofCors('warn')).toHaveLength(isOfAllowedOrigin ? 1 : 0);
    },
  );

  it.each(REFUSALS)('has the reason and the fix with debug: %s', async (reason, request, detail, isNamed) => {
    const write = reason === 'header-not-allowed' ? HEADER : undefined;
    const hint = hintFor(reason, detail, 'CorsModule.forRoot()', write);
    const place = ' (CatsController.replace (PUT /cats/:id))';
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: { ...cors, debug: true }, controllers, nest: { logger } });
    const response = await exchange(app, request);

    if (isNamed) expect(response.observed.status).toBe(204);
    else expect(response.observed).toEqual(refused);
    expect(response.body === '' ? undefined : JSON.parse(response.body)).toEqual(
      isNamed ? undefined : { ...FORBIDDEN_BODY, reason, hint },
    );
    const { Origin, 'Access-Control-Request-Method': method } = request.headers ?? {};
    expect(logger.ofCors('warn')).toEqual([
      `Refused "${String(method)}" "/cats/1"${reason.startsWith('method') ? '' : place} from "${String(Origin)}": ${reason}. ${hint}`,
    ]);
  });

  it('is logged without control characters and bounded (LOG-02)', async () => {
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: { ...cors, debug: true }, controllers, nest: { logger } });
    // Node itself refuses ESC and the other C0 controls; the 8-bit escapes, DEL and tabs arrive.
    const origin = `https://x\x9b31m\x85\t"\\${'y'.repeat(4000)}`;
    const response = await sendLines(
      app,
      `OPTIONS /cats/1?${'z'.repeat(4000)} HTTP/1.1`,
      `Origin: ${origin}`,
      'Access-Control-Request-Method: P\x9b2JUT',
      'Access-Control-Request-Headers: \x9b2J',
    );

    expect(observed(response)).toEqual(refused);
    const lines = logger.ofCors('warn');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^Refused "P\\u009b2JUT" "\/cats\/1\?z+…"? from "https:\/\/x\\u009b31m\\u0085\\t\\"\\\\y+…/u,
    );
    for (const text of [response.body, ...lines]) expect(text).not.toMatch(/[^\n -~…]/u);
    expect(lines[0]?.length).toBeLessThan(600);
  });

  it('with ESC in its Origin is refused before it is a request, and nothing is logged (LOG-02)', async () => {
    const logger = new RecordingLogger();
    const app = await startApp({ platform, cors: { ...cors, debug: true }, controllers, nest: { logger } });
    const response = await sendLines(
      app,
      'OPTIONS /cats/1 HTTP/1.1',
      'Origin: https://x\x1b[31m',
      'Access-Control-Request-Method: PUT',
    );

    expect(observed(response)).toEqual({ status: 400, cors: {}, ran: [] });
    expect(logger.ofCors('warn')).toEqual([]);
  });

  const caught: unknown[] = [];

  /** Shapes refusals as RFC 9457 has it; sets a header of the CORS protocol, which is not its to set. */
  @Catch(CorsForbiddenException)
  @Injectable()
  class CorsFilter implements ExceptionFilter {
    constructor(private readonly host: HttpAdapterHost) {}

    catch(exception: CorsForbiddenException, host: ArgumentsHost) {
      caught.push(exception);
      const { httpAdapter } = this.host;
      const response: unknown = host.switchToHttp().getResponse();
      httpAdapter.setHeader(response, 'Access-Control-Allow-Origin', '*');
      httpAdapter.reply(response, { title: 'Cross-origin', reason: exception.reason }, 403);
    }
  }

  it.each<[string, { providers?: object[]; configure?: (app: INestApplication) => unknown }]>([
    ['APP_FILTER', { providers: [{ provide: APP_FILTER, useClass: CorsFilter }] }],
    ['useGlobalFilters()', { configure: app => app.useGlobalFilters(new CorsFilter(app.get(HttpAdapterHost))) }],
  ])("is shaped by the app's own exception filter: %s", async (_way, options) => {
    caught.length = 0;
    const app = await startApp({ platform, cors, controllers, ...(options as object) });
    const response = await exchange(app, preflightOf('/cats/1', EVIL, 'PUT'));

    expect(response.observed).toEqual(refused);
    expect(JSON.parse(response.body)).toEqual({ title: 'Cross-origin', reason: 'origin-not-allowed' });
    expect(caught).toEqual([expect.any(CorsForbiddenException)]);
    expect(caught[0]).toBeInstanceOf(ForbiddenException);
    expect(caught[0]).toMatchObject({ name: 'CorsForbiddenException', reason: 'origin-not-allowed' });

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'PUT' }),
      ran: [],
    });
  });

  it.each<[string, Type, object]>([
    ['guard', CorsGuard, { canActivate: () => fail() }],
    ['interceptor', CorsInterceptor, { intercept: () => fail() }],
  ])('has no CORS header where the app has replaced the %s, and that throws', async (_what, provider, replacement) => {
    const app = await startApp({
      platform,
      cors,
      controllers,
      bootstrap: 'Test.createTestingModule',
      override: builder => builder.overrideProvider(provider).useValue(replacement),
    });

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT'))).toEqual(refused);
  });

  it('is no OPTIONS request for the server as a whole: what that announces is not why it is refused', async () => {
    const app = await startApp({
      platform,
      cors: { ...cors, methods: ['GET'], rejectDisallowed: true, self: ['https://api.example.com'], debug: true },
      controllers,
    });
    const announced = 'Access-Control-Request-Method: *';
    const { status, body } = await sendLines(
      app,
      'OPTIONS * HTTP/1.1',
      'Host: api.example.com',
      `Origin: ${APP}`,
      announced,
    );

    expect(status).toBe(403);
    expect(JSON.parse(body)).toMatchObject({
      reason: 'method-not-allowed',
      hint: hintFor('method-not-allowed', 'OPTIONS', 'CorsModule.forRoot()'),
    });
  });
});

function fail(): never {
  throw new ForbiddenException('Not by us');
}
