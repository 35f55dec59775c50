import { ApolloDriver, type ApolloDriverConfig } from '@nestjs/apollo';
import {
  Controller,
  Get,
  Injectable,
  Scope,
  UnauthorizedException,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { Field, GraphQLModule, ObjectType, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { Cors, CorsModule, CorsService, type CorsIssue, type CorsModuleOptions } from 'nestjs-cors';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import { portOf, preflightOf, type WireRequest } from '../support/client.js';
import { ADMIN, APP, EVIL, granted, readable, REFUSED, UNREADABLE } from '../support/expected.js';
import { shakeHands } from '../support/handshake.js';
import { watchHandlers } from '../support/observe.js';

const { ran, take, observe, exchange } = watchHandlers();

@ObjectType()
class Owner {
  @Field(() => String)
  readonly name: string = 'Ann';
}

@ObjectType()
class Cat {
  @Field(() => String)
  readonly name: string = 'Tom';
}

@Resolver(() => Cat)
class CatsResolver {
  @Query(() => [Cat])
  cats() {
    ran('cats');
    return [new Cat()];
  }

  @ResolveField(() => Owner)
  owner() {
    ran('owner');
    return new Owner();
  }

  @Query(() => String)
  secret() {
    ran('secret');
    throw new UnauthorizedException();
  }
}

@Controller('dogs')
class DogsController {
  @Get()
  list() {
    return ran('dogs');
  }
}

/** Tells for which handlers Nest runs the global guards and interceptors, among them the module's own. */
@Injectable()
class Witness implements CanActivate, NestInterceptor {
  canActivate(context: ExecutionContext): boolean {
    ran(`guard of ${context.getType()} ${context.getHandler().name}`);
    return true;
  }

  intercept(context: ExecutionContext, next: CallHandler) {
    ran(`interceptor of ${context.getType()} ${context.getHandler().name}`);
    return next.handle();
  }
}

const witness: readonly Provider[] = [
  { provide: APP_GUARD, useClass: Witness },
  { provide: APP_INTERCEPTOR, useClass: Witness },
];

// Another origin than the module's: each answer tells whose policy it is under.
const cors: CorsModuleOptions = {
  origin: APP,
  routes: [
    {
      path: '/graphql',
      policy: {
        origin: ADMIN,
        credentials: true,
        methods: ['GET', 'POST'],
        allowedHeaders: ['content-type', 'authorization'],
      },
    },
  ],
};

/** The module as its documentation sets it up: code first, with the schema in memory. */
function graphql(options: Omit<ApolloDriverConfig, 'driver'> = {}) {
  return GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true, ...options });
}

function operation(query: string, { path = '/graphql', type = 'application/json' } = {}): WireRequest {
  return { method: 'POST', path, headers: { 'Content-Type': type }, body: JSON.stringify({ query }) };
}

function from(origin: string, request: WireRequest): WireRequest {
  return { ...request, headers: { ...request.headers, Origin: origin } };
}

const nested = operation('{ cats { name owner { name } } }');
const served = ['cats', 'owner'];
const nestedAnswer = { data: { cats: [{ name: 'Tom', owner: { name: 'Ann' } }] } };
const refused = { status: 403, cors: REFUSED, ran: [] };
const readableAnswer = { status: 200, cors: readable(ADMIN, { credentials: true }) };

/** Sends an operation, and tells what it answered beside what is always observed. */
async function ask(app: INestApplication, request: WireRequest) {
  const { observed, body } = await exchange(app, request);
  return { ...observed, answer: JSON.parse(body) as unknown };
}

afterEach(closeApps);

describe.each(PLATFORMS)('A GraphQL endpoint of Apollo under a rule on %s', platform => {
  const start = (options: Partial<AppOptions> = {}) =>
    startApp({
      platform,
      cors,
      imports: [graphql()],
      controllers: [DogsController],
      providers: [CatsResolver],
      ...options,
    });
  const allowed = {
    status: 204,
    cors: granted(ADMIN, {
      // Express has a middleware there, which cannot be asked for its methods; Fastify has a route.
      methods: platform === 'express' ? 'POST' : 'GET, POST',
      headers: 'content-type, authorization',
      credentials: true,
    }),
    ran: [],
  };

  it('has its preflights judged by the rule, and only its own', async () => {
    const app = await start();

    const headers = 'authorization,content-type';
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST', headers))).toEqual(allowed);
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST', 'x-other'))).toEqual(refused);
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'DELETE', headers))).toEqual(refused);
    expect(await observe(app, preflightOf('/graphql', APP, 'POST', headers))).toEqual(refused);
    expect(await observe(app, preflightOf('/graphql', EVIL, 'POST', headers))).toEqual(refused);

    expect(await observe(app, preflightOf('/dogs', APP, 'GET', 'x-other'))).toEqual(refused);
    expect(await observe(app, preflightOf('/dogs', APP, 'GET'))).toEqual({
      status: 204,
      cors: granted(APP, { methods: 'GET, HEAD' }),
      ran: [],
    });
    expect(await observe(app, preflightOf('/other', ADMIN, 'POST', headers))).toEqual(refused);
  });

  describe('has the headers of the rule on', () => {
    it.each<[answer: string, request: WireRequest, status: number, handlers: readonly string[], body: RegExp]>([
      ['the answer to a query', nested, 200, ['cats', 'owner'], /"owner":\{"name":"Ann"\}/],
      ["a resolver's error", operation('{ secret }'), 200, ['secret'], /"code":"UNAUTHENTICATED"/],
      ['the refusal of what is not in the schema', operation('{ fish }'), 400, [], /GRAPHQL_VALIDATION_FAILED/],
      [
        "the refusal of Apollo's CSRF prevention",
        operation('{ cats { name } }', { type: 'text/plain' }),
        400,
        [],
        /Cross-Site Request Forgery/,
      ],
      ["the refusal of the platform's body parser", { ...nested, body: '{' }, 400, [], /JSON/],
      ['the landing page', { path: '/graphql', headers: { Accept: 'text/html' } }, 200, [], /<html/],
    ])('%s', async (_answer, request, status, handlers, body) => {
      const app = await start();
      const observed = { status, ran: handlers };

      const ofAdmin = await exchange(app, from(ADMIN, request));
      expect(ofAdmin.observed).toEqual({ ...observed, cors: readable(ADMIN, { credentials: true }) });
      expect(ofAdmin.body).toMatch(body);
      expect(await observe(app, from(APP, request))).toEqual({ ...observed, cors: UNREADABLE });
      expect(await observe(app, from(EVIL, request))).toEqual({ ...observed, cors: UNREADABLE });
      expect(await observe(app, request)).toEqual({ ...observed, cors: UNREADABLE });
    });
  });

  it('has them whichever of the two modules is imported first', async () => {
    // Both do their work in onModuleInit, which Nest calls in the order of the imports.
    const app = await startApp({ platform, imports: [CorsModule.forRoot(cors), graphql()], providers: [CatsResolver] });

    expect(await observe(app, preflightOf('/graphql', ADMIN, 'POST'))).toEqual(allowed);
    expect(await observe(app, preflightOf('/graphql', ADMIN, 'DELETE'))).toEqual(refused);
    expect(await observe(app, from(ADMIN, nested))).toEqual({ ...readableAnswer, ran: served });
    expect(await observe(app, from(APP, nested))).toEqual({ status: 200, cors: UNREADABLE, ran: served });
  });

  it('is covered whole by a rule for all that is below its path', async () => {
    const policy = { origin: ADMIN };
    const app = await start({ cors: { origin: APP, routes: [{ path: '/graphql{/*rest}', policy }] } });

    expect(await observe(app, from(ADMIN, nested))).toEqual({ status: 200, cors: readable(ADMIN), ran: served });
    expect(await observe(app, from(APP, nested))).toEqual({ status: 200, cors: UNREADABLE, ran: served });
    // On Express the driver is a middleware, which answers there as well.
    const below = platform === 'express' ? { status: 200, ran: served } : { status: 404, ran: [] };
    for (const path of ['/graphql/', '/graphql//', '/graphql/below']) {
      const request = { ...nested, path };
      expect(await observe(app, from(ADMIN, request))).toEqual({ ...below, cors: readable(ADMIN) });
      expect(await observe(app, from(APP, request))).toEqual({ ...below, cors: UNREADABLE });
      expect(await observe(app, preflightOf(path, APP, 'POST'))).toEqual(refused);
    }
  });

  it('is found under the global prefix by its whole path', async () => {
    const policy = { origin: ADMIN };
    const app = await start({
      cors: { origin: APP, routes: [{ path: '/api/graphql', policy }] },
      imports: [graphql({ useGlobalPrefix: true })],
      configure: app => app.setGlobalPrefix('api'),
    });

    const request = operation('{ cats { name } }', { path: '/api/graphql' });
    expect(await observe(app, from(ADMIN, request))).toEqual({ status: 200, cors: readable(ADMIN), ran: ['cats'] });
    expect(await observe(app, from(APP, request))).toEqual({ status: 200, cors: UNREADABLE, ran: ['cats'] });
  });

  it("takes queries by GET with the header that Apollo's CSRF prevention asks for, where the rule allows it", async () => {
    const policy = { origin: ADMIN, allowedHeaders: ['apollo-require-preflight'] };
    const app = await start({ cors: { origin: APP, routes: [{ path: '/graphql', policy }] } });
    const query = from(ADMIN, { path: `/graphql?query=${encodeURIComponent('{ cats { name } }')}` });
    const announced = { ...query, headers: { ...query.headers, 'apollo-require-preflight': 'true' } };

    expect(await observe(app, query)).toEqual({ status: 400, cors: readable(ADMIN), ran: [] });
    expect(await observe(app, announced)).toEqual({ status: 200, cors: readable(ADMIN), ran: ['cats'] });
    const preflight = (header: string) => preflightOf('/graphql', ADMIN, 'GET', header);
    expect(await observe(app, preflight('apollo-require-preflight'))).toMatchObject({ status: 204, ran: [] });
    expect(await observe(app, preflight('x-other'))).toEqual(refused);
  });

  // Apollo Server 3 and the drivers for it had a CORS layer of their own, which this option set up.
  it.each([true, false, { origin: '*', credentials: true }])(
    'takes nothing from a `cors` option of the driver: %j',
    async option => {
      const app = await start({ imports: [graphql({ cors: option } as object)] });

      expect(await observe(app, from(ADMIN, nested))).toEqual({ ...readableAnswer, ran: served });
      expect(await observe(app, from(EVIL, nested))).toEqual({ status: 200, cors: UNREADABLE, ran: served });
      expect(await observe(app, preflightOf('/graphql', EVIL, 'POST'))).toEqual(refused);
      expect(app.get(CorsService).warnings).toEqual([]);
    },
  );

  it('runs nothing for a disallowed origin where the rule rejects it', async () => {
    const policy = { origin: ADMIN, rejectDisallowed: true };
    const app = await start({ cors: { origin: APP, routes: [{ path: '/graphql', policy }] } });

    expect(await observe(app, from(EVIL, nested))).toEqual({ status: 403, cors: UNREADABLE, ran: [] });
    expect(await observe(app, from(ADMIN, nested))).toEqual({
      status: 200,
      cors: readable(ADMIN),
      ran: served,
    });
    expect(await observe(app, nested)).toEqual({ status: 200, cors: UNREADABLE, ran: served });
  });
});

describe.each(PLATFORMS)("Resolvers beside the module's global guard and interceptor on %s", platform => {
  const start = (options: Partial<AppOptions> = {}) =>
    startApp({ platform, cors, imports: [graphql()], providers: [CatsResolver, ...witness], ...options });

  it('run untouched, with the fields below them (CTX-02)', async () => {
    const app = await start();

    const handlers = ['guard of graphql cats', 'interceptor of graphql cats', 'cats', 'owner'];
    const answered = { status: 200, ran: handlers, answer: nestedAnswer };
    expect(await ask(app, from(EVIL, nested))).toEqual({ ...answered, cors: UNREADABLE });
    expect(await ask(app, from(ADMIN, nested))).toEqual({ ...answered, cors: readableAnswer.cors });
  });

  it('run untouched where field resolvers have guards and interceptors as well (CTX-02)', async () => {
    const app = await start({ imports: [graphql({ fieldResolverEnhancers: ['guards', 'interceptors'] })] });

    expect(await ask(app, from(EVIL, nested))).toEqual({
      status: 200,
      cors: UNREADABLE,
      ran: [
        ...['guard of graphql cats', 'interceptor of graphql cats', 'cats'],
        ...['guard of graphql owner', 'interceptor of graphql owner', 'owner'],
      ],
      answer: nestedAnswer,
    });
  });

  it('run untouched where each request has resolvers of its own (CTX-02)', async () => {
    @Injectable({ scope: Scope.REQUEST })
    @Resolver(() => Cat)
    class RequestResolver {
      #cats = 0;

      @Query(() => [Cat])
      cats() {
        this.#cats += 1;
        ran(`cats ${String(this.#cats)}`);
        return [new Cat()];
      }

      @ResolveField(() => Owner)
      owner() {
        ran(`owner after ${String(this.#cats)}`);
        return new Owner();
      }
    }
    const app = await start({ providers: [RequestResolver, ...witness] });

    const handlers = ['guard of graphql cats', 'interceptor of graphql cats', 'cats 1', 'owner after 1'];
    const answered = { ...readableAnswer, ran: handlers, answer: nestedAnswer };
    expect(await ask(app, from(ADMIN, nested))).toEqual(answered);
    expect(await ask(app, from(ADMIN, nested))).toEqual(answered);
  });

  it('run untouched for subscriptions, whose handshake has the policy of the rule (CTX-02)', async () => {
    @Resolver(() => Cat)
    class BirthsResolver {
      @Query(() => String)
      hello() {
        return 'hello';
      }

      @Subscription(() => Cat, { resolve: (cat: Cat) => cat })
      async *births() {
        ran('births');
        yield new Cat();
      }
    }
    const app = await start({
      imports: [graphql({ subscriptions: { 'graphql-ws': true } })],
      providers: [BirthsResolver, ...witness],
    });

    expect(await subscribe(app, ADMIN, 'subscription { births { name } }')).toEqual({
      data: { births: { name: 'Tom' } },
    });
    expect(take()).toEqual(['guard of graphql births', 'interceptor of graphql births', 'births']);
    for (const path of ['/graphql', '/graphql?a', '//x/graphql', '/graphql-x']) {
      expect([path, await shakeHands(app, { path, origin: EVIL })]).toEqual([path, 403]);
    }
    expect(take()).toEqual([]);
  });

  it('are no place for @Cors(), which is told at boot (DEC-08)', async () => {
    @Cors({ origin: EVIL })
    @Resolver(() => Cat)
    class DecoratedResolver {
      @Cors({ origin: EVIL })
      @Query(() => [Cat])
      cats() {
        ran('cats');
        return [new Cat()];
      }

      @Cors({ origin: EVIL })
      @ResolveField(() => Owner)
      owner() {
        ran('owner');
        return new Owner();
      }
    }
    const app = await start({ providers: [DecoratedResolver] });

    const found = (location: CorsIssue['location']) => ({ code: 'decorator_without_effect', location });
    expect(app.get(CorsService).warnings.map(({ code, location }) => ({ code, location }))).toEqual([
      found({ level: 'controller', controller: 'DecoratedResolver' }),
      found({ level: 'handler', controller: 'DecoratedResolver', handler: 'cats' }),
      found({ level: 'handler', controller: 'DecoratedResolver', handler: 'owner' }),
    ]);
    expect(await observe(app, from(EVIL, nested))).toEqual({ status: 200, cors: UNREADABLE, ran: served });
    expect(await observe(app, from(ADMIN, nested))).toEqual({ ...readableAnswer, ran: served });
  });
});

/** The first thing that a subscription yields, to a client on a page of some origin. */
async function subscribe(app: INestApplication, origin: string, query: string): Promise<unknown> {
  class PageSocket extends WebSocket {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { origin });
    }
  }
  const url = `ws://127.0.0.1:${String(portOf(app))}/graphql`;
  const client = createClient({ url, webSocketImpl: PageSocket, retryAttempts: 0 });
  try {
    for await (const first of client.iterate({ query })) return first;
    return undefined;
  } finally {
    await client.dispose();
  }
}
