import { Body, Get, Param, ParseIntPipe, ParseUUIDPipe, Post, Query, UsePipes, ValidationPipe } from '@nestjs/common';
import { APP_PIPE } from '@nestjs/core';
import { Type } from 'class-transformer';
import { IsInt, IsString, MinLength } from 'class-validator';
import { closeApps, PLATFORMS, startApp, type AppOptions } from '../support/app.js';
import type { WireRequest } from '../support/client.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, exchange, observe } = watchHandlers();

class CatDto {
  @IsString()
  @MinLength(2)
  name!: string;
}

class PageDto {
  @Type(() => Number)
  @IsInt()
  page!: number;
}

class CatsRoutes {
  @Post('cats')
  create(@Body() cat: CatDto) {
    return ran(`create ${cat.name}`);
  }

  @UsePipes(new ValidationPipe({ errorHttpStatusCode: 422 }))
  @Post('strict-cats')
  createStrictly(@Body() cat: CatDto) {
    return ran(`create ${cat.name}`);
  }

  @Get('cats')
  list(@Query(new ValidationPipe({ transform: true })) { page }: PageDto) {
    return ran(`list ${JSON.stringify(page)}`);
  }

  @Get('cats/:id')
  read(@Param('id', ParseIntPipe) id: number) {
    return ran(`read ${JSON.stringify(id)}`);
  }

  @Get('ids/:id')
  readAsync(@Param('id', ParseUUIDPipe) id: string) {
    return ran(`read ${id}`);
  }
}

const post = (path: string, body: object): WireRequest => ({
  method: 'POST',
  path,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

/** The places of a pipe for the whole app. */
const PLACES: readonly (readonly [place: string, options: AppOptions])[] = [
  [
    'useGlobalPipes()',
    { configure: app => app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true })) },
  ],
  [
    'APP_PIPE',
    {
      providers: [
        { provide: APP_PIPE, useFactory: () => new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true }) },
      ],
    },
  ],
];

afterEach(closeApps);

describe.each(PLATFORMS)('A response that a pipe decides on %s', platform => {
  const start = (options: AppOptions = {}) =>
    startApp({ platform, cors: MODULE_POLICY, controllers: underEveryPolicy(CatsRoutes), ...options });

  it.each(PLACES)("has the route's headers: the ValidationPipe of %s", async (_place, options) => {
    const app = await start(options);

    for (const [cat, message] of [
      [{ name: 'x' }, 'name must be longer than or equal to 2 characters'],
      [{ name: 'Tom', age: 1 }, 'property age should not exist'],
    ] as const) {
      const request = post('/cats', cat);
      expect(await askEveryPolicy(observe, app, request)).toEqual(ofEveryPolicy({ status: 400, ran: [] }));
      const { body } = await exchange(app, { ...request, path: '/listed/cats' });
      expect(JSON.parse(body)).toMatchObject({ message: [message] });
    }
    expect(await askEveryPolicy(observe, app, post('/cats', { name: 'Tom' }))).toEqual(
      ofEveryPolicy({ status: 201, ran: ['create Tom'] }),
    );
  });

  it.each<readonly [pipe: string, request: WireRequest, status: number]>([
    ['the ValidationPipe of the handler, with a status of its own', post('/strict-cats', { name: 1 }), 422],
    ['the ValidationPipe of a parameter', { path: '/cats?page=last' }, 400],
    ['the ParseIntPipe', { path: '/cats/tom' }, 400],
    ['the ParseUUIDPipe', { path: '/ids/tom' }, 400],
  ])("has the route's headers: %s", async (_pipe, request, status) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, request)).toEqual(ofEveryPolicy({ status, ran: [] }));
  });

  it.each([
    ['list 1', '/cats?page=1'],
    ['read 2', '/cats/2'],
  ])('is that of the handler where the pipes let it run: %s', async (handler, path) => {
    const app = await start();

    expect(await askEveryPolicy(observe, app, { path })).toEqual(ofEveryPolicy({ status: 200, ran: [handler] }));
  });
});
