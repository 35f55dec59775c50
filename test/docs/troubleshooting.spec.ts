import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Catch, Controller, Patch, Put, type ArgumentsHost } from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { add, Cors, CorsForbiddenException, CorsService, NoCors } from 'nestjs-cors';
import { REMEDIES } from '../../lib/decision/remedies.js';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, send, type WireRequest } from '../support/client.js';
import { APP, EVIL } from '../support/expected.js';
import { ROOT } from '../support/markdown.js';

@Controller()
class CatsController {
  @Put('plain')
  plain() {}

  @Patch('plain')
  patch() {}

  @Cors({ rejectDisallowed: true })
  @Put('rejecting')
  rejecting() {}

  @NoCors()
  @Put('closed')
  closed() {}

  @Cors({ methods: ['GET'] })
  @Put('reading')
  reading() {}

  @Cors({ origin: add(() => false) })
  @Put('denying')
  denying() {}

  @Cors({
    origin: add(() => {
      throw new Error('no database');
    }),
  })
  @Put('failing')
  failing() {}
}

const reasons: string[] = [];

@Catch(CorsForbiddenException)
class ReasonFilter extends BaseExceptionFilter {
  override catch(error: CorsForbiddenException, host: ArgumentsHost) {
    reasons.push(error.reason);
    super.catch(error, host);
  }
}

/** What is refused for each reason that the page has. */
const REFUSED: Readonly<Record<string, readonly WireRequest[]>> = {
  'origin-not-allowed': [preflightOf('/plain', EVIL, 'PUT')],
  'no-cross-origin-access': [preflightOf('/closed', APP, 'PUT')],
  'method-not-allowed': [preflightOf('/reading', APP, 'PUT')],
  'method-not-routed': [preflightOf('/plain', APP, 'DELETE'), preflightOf('/plain', APP, 'patch')],
  'method-malformed': [
    preflightOf('/plain', APP, '*'),
    preflightOf('/plain', APP, 'TRACE'),
    preflightOf('/plain', APP, 'PUT DELETE'),
  ],
  'header-not-allowed': [preflightOf('/plain', APP, 'PUT', 'x-csrf-token')],
  'headers-malformed': [preflightOf('/plain', APP, 'PUT', 'x-a,'.repeat(2500))],
  'origin-null': [preflightOf('/plain', 'null', 'PUT')],
  'origin-malformed': [
    preflightOf('/plain', `${APP}/`, 'PUT'),
    preflightOf('/plain', `${APP}, ${APP}`, 'PUT'),
    preflightOf('/plain', 'safari-web-extension://8B5C6D5E-0000-4000-8000-00000000000A', 'PUT'),
    preflightOf('/denying', 'safari-web-extension://8B5C6D5E-0000-4000-8000-00000000000A', 'PUT'),
    preflightOf('/plain', `${APP}.`, 'PUT'),
  ],
  'path-ambiguous': [preflightOf('/files//private/a', APP, 'PUT'), preflightOf('/files/PRIVATE/a', APP, 'PUT')],
  'resolver-denied': [preflightOf('/denying', EVIL, 'PUT')],
  'resolver-failed': [preflightOf('/failing', EVIL, 'PUT')],
  'origin-missing': [{ method: 'PUT', path: '/rejecting', headers: { 'Sec-Fetch-Site': 'cross-site' } }],
};

const PAGE = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const listed = [...(PAGE.split('\n## Reasons\n')[1] ?? '').matchAll(/^### `(.*)`$/gm)].map(([, reason = '']) => reason);

afterEach(closeApps);

describe.each(PLATFORMS)('docs/troubleshooting.md on %s', platform => {
  it.each(listed.filter(reason => reason !== 'no-origin'))('knows a reason for a refusal: %s', async reason => {
    const routes = [
      { path: '/files/private', policy: false as const },
      { path: '/files/open', policy: {} },
    ];
    const providers = [{ provide: APP_FILTER, useClass: ReasonFilter }];
    const app = await startApp({ platform, cors: { origin: [APP], routes }, controllers: [CatsController], providers });
    const requests = REFUSED[reason] ?? [];

    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) {
      reasons.length = 0;
      expect(await send(app, request)).toMatchObject({ status: 403 });
      expect(reasons).toEqual([reason]);
    }
  });
});

it('docs/troubleshooting.md is right that explain() without an origin has a reason of its own', async () => {
  const app = await startApp({ cors: { origin: [APP] }, controllers: [CatsController] });
  const { actual, preflight } = await app.get(CorsService).explain({ method: 'PUT', url: '/plain' });
  expect([actual.reason, preflight.reason]).toEqual(['no-origin', 'no-origin']);
});

it('docs/troubleshooting.md lists every reason, and no other', () => {
  expect([...listed].sort()).toEqual(Object.keys(REMEDIES).sort());
});
