import { Controller, Get, type INestApplication } from '@nestjs/common';
import { Cors, CorsService, type CorsModuleOptions } from 'nestjs-cors';
import { BOOTSTRAPS, closeApps, configurationErrorOf, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { atLength } from '../support/length.js';
import { collectGarbage, listenersOf, nodeProcess } from '../support/node-process.js';
import { watchHandlers, type Observation } from '../support/observe.js';

/** How many apps are closed one after another: more than the eleven listeners at which Node warns. */
const APPS = atLength(50, 12);

// That the apps answer and listen no more is in isolation.spec.ts: here is what they leave in memory.

const { ran, observe } = watchHandlers();
const cors: CorsModuleOptions = { origin: APP, rejectDisallowed: true };

/** A controller of its own for each app: what is kept by class shows as well. */
function createController() {
  @Controller()
  class CatsController {
    @Get('cats')
    list() {
      return ran('list');
    }

    @Cors({ origin: ADMIN, credentials: true })
    @Get('admin')
    admin() {
      return ran('admin');
    }
  }
  return CatsController;
}

async function answersOf(app: INestApplication): Promise<readonly Observation[]> {
  return [
    await observe(app, preflightOf('/admin', ADMIN, 'GET')),
    await observe(app, preflightOf('/cats', EVIL, 'GET')),
    await observe(app, { path: '/cats', headers: { Origin: APP } }),
    await observe(app, { path: '/cats', headers: { Origin: EVIL } }),
    await observe(app, { path: '/nope', headers: { Origin: APP } }),
  ];
}

const ANSWERS: readonly Observation[] = [
  { status: 204, cors: granted(ADMIN, { methods: 'GET, HEAD', credentials: true }), ran: [] },
  { status: 403, cors: REFUSED, ran: [] },
  { status: 200, cors: readable(APP), ran: ['list'] },
  { status: 403, cors: UNREADABLE, ran: [] },
  { status: 404, cors: readable(APP), ran: [] },
];

// As long as 50 apps may take on a busy machine.

afterEach(closeApps);

describe.each(PLATFORMS)('An app on %s', platform => {
  const listeners = () => [listenersOf(process), listenersOf(nodeProcess)];

  it.each(BOOTSTRAPS)(
    `is forgotten once it is closed, ${String(APPS)} times over, by %s (TEST-05)`,
    async bootstrap => {
      const made: WeakRef<object>[] = [];
      const answers: (readonly Observation[])[] = [];
      const atStart = listeners();

      for (let i = 0; i < APPS; i++) {
        const controller = createController();
        await useApp({ platform, bootstrap, cors, controllers: [controller] }, async app => {
          made.push(new WeakRef(app), new WeakRef(app.getHttpServer() as object), new WeakRef(app.get(CorsService)));
          // Nest's own `Test` has a static scanner, which keeps them.
          if (bootstrap === 'NestFactory') made.push(new WeakRef(controller));
          answers.push(await answersOf(app));
        });
      }
      expect(answers).toEqual(Array(APPS).fill(ANSWERS));
      expect(listeners()).toEqual(atStart);
      await collectGarbage();
      expect(made).toHaveLength(APPS * (bootstrap === 'NestFactory' ? 4 : 3));
      expect(made.filter(each => each.deref() !== undefined)).toHaveLength(0);
    },
  );

  it.each(BOOTSTRAPS)('is forgotten also where its configuration is refused, by %s', async bootstrap => {
    const made: WeakRef<object>[] = [];
    const atStart = listeners();

    const refuseOne = async () => {
      const configure = (app: INestApplication) => made.push(new WeakRef(app));
      const refused = {
        platform,
        bootstrap,
        cors: { origin: `${APP}/` },
        controllers: [createController()],
        configure,
      };
      const error = await configurationErrorOf(refused);
      made.push(new WeakRef(error));
      return error.issues.length;
    };

    for (let i = 0; i < 5; i++) expect(await refuseOne()).toBe(1);
    expect(listeners()).toEqual(atStart);
    await collectGarbage();
    expect(made).toHaveLength(10);
    expect(made.filter(each => each.deref() !== undefined)).toHaveLength(0);
  });
});

/** Starts an app and closes it. Nothing of it stays with the caller, not even in a variable. */
async function useApp(options: AppOptions, use: (app: INestApplication) => Promise<void>): Promise<void> {
  await use(await startApp(options));
  await closeApps();
}
