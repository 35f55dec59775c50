import { Controller, Get } from '@nestjs/common';
import { CorsService, type CorsOriginResolverRef } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { APP, readable, UNREADABLE } from '../support/expected.js';
import { RecordingLogger } from '../support/logger.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

@Controller('things')
class ThingsController {
  @Get()
  list() {
    return ran('list');
  }
}

type Callback = (error: unknown, allowed?: boolean) => void;
const lookUp = (origin: string) => Promise.resolve(origin === APP);

const get = (path: string, origin: string) => ({ path, headers: { origin } });

const rejections: unknown[] = [];
const note = (reason: unknown) => rejections.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(() => void process.off('unhandledRejection', note));
afterEach(closeApps);

const CALLING: readonly (readonly [string, (origin: string, callback: Callback) => unknown])[] = [
  ['at once', (origin, callback) => callback(null, origin === APP)],
  ['later', (origin, callback) => void lookUp(origin).then(ok => callback(null, ok), callback)],
  [
    'later, and returns early',
    (origin, callback) => {
      if (origin === '') return false;
      return void lookUp(origin).then(ok => callback(null, ok), callback);
    },
  ],
  [
    'later, bound',
    ((origin: string, callback: Callback) => void lookUp(origin).then(ok => callback(null, ok), callback)).bind(
      undefined,
    ),
  ],
];

describe.each(PLATFORMS)('A resolver that calls a callback on %s', platform => {
  it.each(CALLING)(
    '%s is denied, the log says to return the answer, and the process lives on',
    async (_when, origin) => {
      const logger = new RecordingLogger();
      const app = await startApp({
        platform,
        cors: { origin: origin as unknown as CorsOriginResolverRef },
        controllers: [ThingsController],
        nest: { logger },
      });
      expect(await observe(app, get('/things', APP))).toEqual({ status: 200, cors: UNREADABLE, ran: ['list'] });
      await new Promise(setImmediate);
      expect(rejections).toEqual([]);
      expect(logger.ofCors('error')).toEqual([expect.stringMatching(/answered undefined.* Return the answer/)]);
    },
  );

  it('is a warning at boot, where its source shows it', async () => {
    const [, [, origin]] = CALLING as never as [unknown, [string, CorsOriginResolverRef]];
    const app = await startApp({ platform, cors: { origin: [APP, origin] }, controllers: [ThingsController] });
    expect(app.get(CorsService).warnings.map(({ code, path }) => [code, path])).toEqual([
      ['resolver_callback', 'origin[1]'],
    ]);
    expect(await observe(app, get('/things', APP))).toEqual({ status: 200, cors: readable(APP), ran: ['list'] });
  });

  it('reads its context like any other', async () => {
    const read: unknown[] = [];
    const origin = ((_origin: string, next: { method: string; url: string; host: string; preflight: boolean }) => {
      read.push([next.method, next.url, next.preflight]);
      return true;
    }) as unknown as CorsOriginResolverRef;
    const app = await startApp({ platform, cors: { origin }, controllers: [ThingsController] });
    expect(await observe(app, get('/things?x', APP))).toMatchObject({ cors: readable(APP) });
    expect(read).toEqual([['GET', '/things?x', false]]);
  });
});
