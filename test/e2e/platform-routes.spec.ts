import { Get, Post, type INestApplication, type Type } from '@nestjs/common';
import { RouteSchema } from '@nestjs/platform-fastify';
import type { ErrorRequestHandler, Express, Response as ExpressResponse } from 'express';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import {
  askEveryPolicy,
  MODULE_POLICY,
  ofEveryPolicy,
  RULE_FOR_EVERY_POLICY,
  underEveryPolicy,
} from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

const PREFIXES = ['/listed', '/public', '/closed'];

const instanceOf = <Instance>(app: INestApplication) => app.getHttpAdapter().getInstance() as Instance;

afterEach(closeApps);

describe.each(PLATFORMS)("A route of the platform's own on %s", platform => {
  const answer = (_request: unknown, response: ExpressResponse | FastifyReply) => {
    ran('answer');
    response.header('Access-Control-Allow-Origin', '*');
    response.status(202).send('text');
  };
  const fail = () => {
    ran('fail');
    throw new Error('broken');
  };

  it("has the headers of its path's rule, whether it answers or fails", async () => {
    const app = await startApp({
      platform,
      cors: RULE_FOR_EVERY_POLICY,
      configure: app => {
        for (const prefix of PREFIXES) {
          app.getHttpAdapter().get(`${prefix}/answer`, answer);
          app.getHttpAdapter().get(`${prefix}/fail`, fail);
        }
      },
    });

    expect(await askEveryPolicy(observe, app, { path: '/answer' })).toEqual(
      ofEveryPolicy({ status: 202, ran: ['answer'] }),
    );
    expect(await askEveryPolicy(observe, app, { path: '/fail' })).toEqual(
      ofEveryPolicy({ status: 500, ran: ['fail'] }),
    );
  });

  it("has the headers of its path's rule where an error handler of the platform's own answers", async () => {
    const recover = (response: ExpressResponse | FastifyReply) => {
      ran('recover');
      response.header('Access-Control-Allow-Origin', '*');
      response.status(503).send('text');
    };
    const app = await startApp({
      platform,
      cors: RULE_FOR_EVERY_POLICY,
      configure: app => {
        for (const prefix of PREFIXES) {
          if (platform === 'express') {
            // Express tells an error handler by its four parameters.
            // eslint-disable-next-line @typescript-eslint/no-unused-vars
            const handler: ErrorRequestHandler = (_error, _request, response, _next) => recover(response);
            instanceOf<Express>(app).get(`${prefix}/fail`, fail);
            instanceOf<Express>(app).use(prefix, handler);
          } else {
            void instanceOf<FastifyInstance>(app).register(
              (scope, _options, done) => {
                scope.get('/fail', fail);
                scope.setErrorHandler((_error, _request, reply) => recover(reply));
                done();
              },
              { prefix },
            );
          }
        }
      },
    });

    expect(await askEveryPolicy(observe, app, { path: '/fail' })).toEqual(
      ofEveryPolicy({ status: 503, ran: ['fail', 'recover'] }),
    );
  });
});

class CatsRoutes {
  @Get('cats')
  list() {
    return ran('list');
  }

  @RouteSchema({ body: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } } })
  @Post('cats')
  create() {
    return ran('create');
  }
}

/** What a hook of Fastify's may do to a response. */
const HOOKS: readonly (readonly [
  what: string,
  expected: Parameters<typeof ofEveryPolicy>[0],
  addTo: (fastify: FastifyInstance) => unknown,
])[] = [
  ...(['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const).flatMap(
    name =>
      [
        [
          `${name} answers`,
          { status: 202, ran: ['hook'] },
          (fastify: FastifyInstance) =>
            fastify.addHook(name as 'onRequest', async (_request, reply) => {
              ran('hook');
              return reply.header('Access-Control-Allow-Origin', '*').code(202).send('cached');
            }),
        ],
        [
          `${name} writes the raw response`,
          { status: 202, ran: ['hook'] },
          (fastify: FastifyInstance) =>
            fastify.addHook(name as 'onRequest', async (_request, reply) => {
              ran('hook');
              reply.hijack();
              reply.raw.writeHead(202, { 'Access-Control-Allow-Origin': '*' }).end('cached');
              return reply;
            }),
        ],
        [
          `${name} fails`,
          { status: 500, ran: ['hook'] },
          (fastify: FastifyInstance) =>
            fastify.addHook(name as 'onRequest', (_request, _reply, done) => {
              ran('hook');
              done(new Error('broken'));
            }),
        ],
      ] as const,
  ),
  [
    'onSend replaces the body and adds headers',
    { status: 202, ran: ['list', 'hook'] },
    fastify =>
      fastify.addHook('onSend', async (_request, reply) => {
        ran('hook');
        void reply
          .header('Access-Control-Allow-Origin', '*')
          .header('Access-Control-Allow-Credentials', 'true')
          .code(202);
        return Promise.resolve('replaced');
      }),
  ],
  [
    'onSend fails',
    { status: 500, ran: ['list'] },
    fastify => fastify.addHook('onSend', (_request, _reply, _payload, done) => done(new Error('broken'))),
  ],
];

describe("A response that Fastify's own decides", () => {
  const start = (routes: Type, configure: (fastify: FastifyInstance) => unknown) =>
    startApp({
      platform: 'fastify',
      cors: MODULE_POLICY,
      controllers: underEveryPolicy(routes),
      configure: app => void configure(instanceOf<FastifyInstance>(app)),
    });

  it.each(HOOKS)("has the route's headers, and none of its own: the hook %s", async (_what, expected, addTo) => {
    const app = await start(CatsRoutes, addTo);

    expect(await askEveryPolicy(observe, app, { path: '/cats' })).toEqual(ofEveryPolicy(expected));
  });

  it("has the route's headers: its validation by a schema", async () => {
    const app = await start(CatsRoutes, () => undefined);
    const request = { method: 'POST', path: '/cats', headers: { 'Content-Type': 'application/json' }, body: '{}' };

    expect(await askEveryPolicy(observe, app, request)).toEqual(ofEveryPolicy({ status: 400, ran: [] }));
  });
});
