/* eslint-disable @typescript-eslint/no-unused-vars -- what parameters read is what is tested */
import {
  Controller,
  Get,
  Headers,
  Patch,
  Post,
  Put,
  Version,
  VersioningType,
  type INestApplication,
} from '@nestjs/common';
import { add, Cors, CorsService, NoCors, TRACING_HEADERS, type CorsModuleOptions } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf } from '../support/client.js';
import { APP, EVIL, granted, REFUSED, UNREADABLE } from '../support/expected.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

class Base {
  @Get('inherited')
  inherited(@Headers('x-inherited') _value: string) {
    return ran('inherited');
  }
}

@Controller('cats')
class CatsController extends Base {
  @Get(':id')
  read(@Headers('If-None-Match') _tag: string) {
    return ran('read');
  }

  @Put(':name')
  replace(@Headers('if-match') _tag: string, @Headers() _all: object) {
    return ran('replace');
  }

  @NoCors()
  @Patch(':id')
  closed(@Headers('x-closed') _value: string) {
    return ran('closed');
  }

  @Post()
  create() {
    return ran('create');
  }

  @Cors({ allowedHeaders: ['x-own'] })
  @Put()
  listed(@Headers('x-own') _own: string, @Headers('X-Left-Out') _value: string) {
    return ran('listed');
  }

  @Cors({ allowedHeaders: add('x-added') })
  @Post('added')
  added(@Headers('x-read') _value: string) {
    return ran('added');
  }
}

@Controller('never')
class NeverController {
  @Put()
  never(
    @Headers('accept') _safelisted: string,
    @Headers('content-type') _type: string,
    @Headers('range') _range: string,
    @Headers('cookie') _forbidden: string,
    @Headers('origin') _origin: string,
    @Headers('sec-fetch-site') _site: string,
    @Headers('X-Forwarded-For') _proxy: string,
    @Headers('forwarded') _forwarded: string,
    @Headers('x-real-ip') _ip: string,
    @Headers('X-HTTP-Method-Override') _method: string,
    @Headers('access-control-request-method') _preflight: string,
    @Headers('not a name') _invalid: string,
  ) {
    return ran('never');
  }
}

const controllers = [CatsController, NeverController];
const cors: CorsModuleOptions = { origin: APP };

/** What a preflight for a path allows. */
function answer(methods: string, headers: string) {
  return { status: 204, cors: granted(APP, { methods, headers }), ran: [] };
}

const refused = { status: 403, cors: REFUSED, ran: [] };

afterEach(closeApps);

describe.each(PLATFORMS)('Request headers that nobody lists, on %s,', platform => {
  const start = (options: CorsModuleOptions = cors, configure?: (app: INestApplication) => void) =>
    startApp({ platform, cors: options, controllers, ...(configure && { configure }) });

  it('are content-type and authorization, and no others', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/cats', APP, 'POST', 'authorization,content-type'))).toEqual(
      answer('POST', 'content-type, authorization'),
    );
    expect(await observe(app, preflightOf('/cats', APP, 'POST', 'x-inherited'))).toEqual(refused);
    expect(await observe(app, preflightOf('/unknown', APP, 'POST', 'authorization'))).toEqual(
      answer('POST', 'content-type, authorization'),
    );
  });

  it('are those that handlers at the path read by name, whatever the parameters of the path are called', async () => {
    const app = await start();
    const both = answer('GET, HEAD, PUT', 'content-type, authorization, if-none-match, if-match');

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'if-match'))).toEqual(both);
    expect(await observe(app, preflightOf('/cats/1', APP, 'GET', 'if-match,if-none-match'))).toEqual(both);
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'x-closed'))).toEqual(refused);
    expect(await observe(app, preflightOf('/cats/added', APP, 'POST', 'x-added,x-read'))).toEqual(
      answer('POST', 'content-type, authorization, x-read, x-added'),
    );
  });

  it('are those that an inherited handler reads', async () => {
    @Controller('dogs')
    class DogsController extends Base {}
    const app = await startApp({ platform, cors, controllers: [DogsController] });

    expect(await observe(app, preflightOf('/dogs/inherited', APP, 'GET', 'x-inherited'))).toEqual(
      answer('GET, HEAD', 'content-type, authorization, x-inherited'),
    );
  });

  it('are never what scripts cannot send, what needs no permission, and what proxies report', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/never', APP, 'PUT', 'content-type'))).toEqual(
      answer('PUT', 'content-type, authorization'),
    );
  });

  it('are shown by policies() and explain(), as a default', async () => {
    const app = await start();
    const service = app.get(CorsService);
    const replaced = service.policies().find(({ route }) => route.handler === 'replace');
    const { policy, provenance } = await service.explain({ method: 'PUT', url: '/cats/1', origin: APP });
    const allowedHeaders = ['content-type', 'authorization', 'if-none-match', 'if-match'];

    expect(replaced?.policy.allowedHeaders).toEqual(allowedHeaders);
    expect(policy.allowedHeaders).toEqual(allowedHeaders);
    expect(provenance.allowedHeaders).toBe('default');
  });

  it('are one list for a path, for each of the paths of a handler and whatever its wildcard is called', async () => {
    @Controller('m')
    class ManyController {
      @Get(['a', 'b'])
      read(@Headers('x-read') _value: string) {}

      @Put('a')
      one(@Headers('x-one') _value: string) {}

      @Put('b')
      other() {}
    }
    @Controller('files')
    class FilesController {
      // Fastify has wildcards without names.
      @Get(platform === 'express' ? '*path' : '*')
      file(@Headers('x-file') _value: string) {}

      @Put(platform === 'express' ? '*rest' : '*')
      upload() {}
    }
    const app = await startApp({ platform, cors, controllers: [ManyController, FilesController] });
    const list = async (path: string, method: string) =>
      (await observe(app, preflightOf(path, APP, method))).cors['access-control-allow-headers'];

    for (const method of ['GET', 'PUT']) {
      expect(await list('/m/a', method)).toBe('content-type, authorization, x-read, x-one');
      expect(await list('/m/b', method)).toBe('content-type, authorization, x-read');
      expect(await list('/files/1', method)).toBe('content-type, authorization, x-file');
    }
  });

  it('make no two policies of one: versions that differ by what they read are no warning and no refusal', async () => {
    @Controller({ path: 'users', version: '1' })
    class FirstController {
      @Put('me')
      me() {
        return ran('me');
      }
    }
    @Controller({ path: 'users', version: '2' })
    class SecondController {
      @Put(':id')
      one(@Headers('x-tenant') _value: string) {
        return ran('one');
      }
    }
    const app = await startApp({
      platform,
      cors,
      controllers: [FirstController, SecondController],
      configure: each => each.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' }),
    });
    const put = { method: 'PUT', path: '/users/me', headers: { Origin: EVIL, 'X-Version': '1' } };

    expect(app.get(CorsService).warnings).toEqual([]);
    expect(await observe(app, put)).toEqual({ status: 200, cors: UNREADABLE, ran: ['me'] });
  });

  it('are cut by bounds, which count what is written as an excess', async () => {
    const app = await start({ ...cors, bounds: { allowedHeaders: ['content-type', 'if-match', 'x-own', 'x-added'] } });

    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'content-type,if-match'))).toEqual(
      answer('GET, HEAD, PUT', 'content-type, if-match'),
    );
    expect(await observe(app, preflightOf('/cats/1', APP, 'PUT', 'authorization'))).toEqual(refused);
  });

  it('have the header that holds the version, on every path', async () => {
    @Controller('jobs')
    class JobsController {
      @Version('2')
      @Put()
      replace() {
        return ran('replace');
      }
    }
    const app = await startApp({
      platform,
      cors: { ...cors, routes: [{ path: '/files', policy: {} }] },
      controllers: [JobsController],
      configure: each => each.enableVersioning({ type: VersioningType.HEADER, header: 'X-Api-Version' }),
    });
    const headers = 'content-type, authorization, x-api-version';

    expect(await observe(app, preflightOf('/jobs', APP, 'PUT', 'x-api-version'))).toEqual(answer('PUT', headers));
    expect(await observe(app, preflightOf('/files', APP, 'PUT', 'x-api-version'))).toEqual(answer('PUT', headers));
  });

  it('are replaced by a list, and a list that leaves out what its handler reads is a warning', async () => {
    const app = await start();

    expect(await observe(app, preflightOf('/cats', APP, 'PUT', 'x-own'))).toEqual(answer('PUT', 'x-own'));
    expect(await observe(app, preflightOf('/cats', APP, 'PUT', 'authorization'))).toEqual(refused);
    expect(
      app.get(CorsService).warnings.map(({ code, value, message, hint }) => ({ code, value, message, hint })),
    ).toEqual([
      {
        code: 'request_header_unlisted',
        value: 'x-left-out',
        message:
          'Questionable allowedHeaders "x-left-out" in @Cors() on CatsController.listed (PUT /cats): is missing from the list, but is read there, with @Headers() or as the version: browsers refuse requests that send it.',
        hint: "Add 'x-left-out' to the list.",
      },
    ]);
  });

  it('that tracing SDKs add can be spread into a list', async () => {
    const app = await start({ ...cors, allowedHeaders: ['content-type', ...TRACING_HEADERS] });

    expect(await observe(app, preflightOf('/cats', APP, 'POST', 'baggage,sentry-trace,traceparent'))).toEqual(
      answer('POST', ['content-type', ...TRACING_HEADERS].join(', ')),
    );
    expect(Object.isFrozen(TRACING_HEADERS)).toBe(true);
  });

  it("are every one under '*', which names authorization as well: by the standard it does not cover that", async () => {
    const app = await startApp({ platform, cors: { ...cors, allowedHeaders: '*' }, controllers: [NeverController] });

    expect(await observe(app, preflightOf('/never', APP, 'PUT', 'authorization,x-any'))).toEqual(
      answer('PUT', '*, authorization'),
    );
  });
});
