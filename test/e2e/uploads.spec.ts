import { ParseFilePipe, Post, Req, UploadedFile, UseInterceptors, type Type } from '@nestjs/common';
import * as platformExpress from '@nestjs/platform-express';
import * as platformFastify from '@nestjs/platform-fastify';
import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { closeApps, startApp, type AppOptions } from '../support/app.js';
import type { WireRequest } from '../support/client.js';
import { askEveryPolicy, MODULE_POLICY, ofEveryPolicy, underEveryPolicy } from '../support/every-policy.js';
import { watchHandlers } from '../support/observe.js';

const { ran, observe } = watchHandlers();

const limits = { fileSize: 4 };

/** What both platforms' interceptors have in common. */
type FileInterceptor = typeof platformExpress.FileInterceptor | typeof platformFastify.FileInterceptor;

function routesWith(fileInterceptor: FileInterceptor): Type {
  class UploadRoutes {
    @UseInterceptors(fileInterceptor('file', { limits }))
    @Post('upload')
    upload(@UploadedFile(new ParseFilePipe()) file: { readonly size: number }) {
      return ran(`upload ${String(file.size)}`);
    }
  }
  return UploadRoutes;
}

/** Without an interceptor, as on Fastify under Nest 11. */
class ByHandRoutes {
  @Post('upload')
  async upload(@Req() request: FastifyRequest) {
    const file = await request.file({ limits });
    const buffer = await file?.toBuffer();
    return ran(`upload ${String(buffer?.length)}`);
  }
}

const BOUNDARY = 'boundary';

function form(field: string, content: string, end = `--${BOUNDARY}--\r\n`): Omit<WireRequest, 'path'> {
  const disposition = `Content-Disposition: form-data; name="${field}"; filename="a.txt"`;
  return {
    method: 'POST',
    headers: { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: `--${BOUNDARY}\r\n${disposition}\r\nContent-Type: text/plain\r\n\r\n${content}\r\n${end}`,
  };
}

interface Row {
  readonly request: Omit<WireRequest, 'path'>;
  readonly status: number;
  readonly ran?: readonly string[];
}

const WHOLE: Row = { request: form('file', 'text'), status: 201, ran: ['upload 4'] };
const TOO_LARGE: Row = { request: form('file', 'a text'), status: 413 };
const CUT_SHORT: Row = { request: form('file', 't', ''), status: 400 };
const UNBOUNDED: Row = {
  request: { ...form('file', 'text'), headers: { 'Content-Type': 'multipart/form-data' } },
  status: 400,
};
const OTHER_FIELD: Row = { request: form('other', 'text'), status: 400 };
const NO_FILE: Row = {
  request: { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' },
  status: 400,
};

const OF_INTERCEPTORS = {
  'a file': WHOLE,
  'a file that is too large': TOO_LARGE,
  'a form that is cut short': CUT_SHORT,
  'a form without a boundary': UNBOUNDED,
  'a field that is not expected': OTHER_FIELD,
  'no file, which a pipe refuses': NO_FILE,
};

/** The ways to take a file, and what they answer to. */
const WAYS: readonly (readonly [way: string, options: AppOptions, rows: Readonly<Record<string, Row>>])[] = [
  [
    "Express' FileInterceptor",
    { platform: 'express', controllers: underEveryPolicy(routesWith(platformExpress.FileInterceptor)) },
    OF_INTERCEPTORS,
  ],
  // Nest 11 has none for Fastify.
  ...('FileInterceptor' in platformFastify
    ? ([
        [
          "Fastify's FileInterceptor",
          { platform: 'fastify', controllers: underEveryPolicy(routesWith(platformFastify.FileInterceptor)) },
          OF_INTERCEPTORS,
        ],
      ] as const)
    : []),
  [
    "Fastify's plugin, in the handler",
    {
      platform: 'fastify',
      controllers: underEveryPolicy(ByHandRoutes),
      configure: app => (app as platformFastify.NestFastifyApplication).register(multipart),
    },
    {
      'a file': WHOLE,
      'a file that is too large': TOO_LARGE,
      // The parser's own errors have no status.
      'a form that is cut short': { ...CUT_SHORT, status: 500 },
      'a form without a boundary': { ...UNBOUNDED, status: 500 },
      'no form': { ...NO_FILE, status: 406 },
    },
  ],
  [
    'Fastify without the plugin',
    { platform: 'fastify', fastify: { multipart: false }, controllers: underEveryPolicy(ByHandRoutes) },
    { 'a file': { ...WHOLE, status: 415, ran: [] } },
  ],
];

afterEach(closeApps);

describe.each(WAYS)('The response to an upload by %s', (_way, options, rows) => {
  it.each(Object.entries(rows))("has the route's headers: %s", async (_what, { request, status, ran = [] }) => {
    const app = await startApp({ ...options, cors: MODULE_POLICY });

    expect(await askEveryPolicy(observe, app, { ...request, path: '/upload' })).toEqual(ofEveryPolicy({ status, ran }));
  });
});
