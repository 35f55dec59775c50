import { Controller, Patch, Put } from '@nestjs/common';
import { add, Cors, NoCors } from 'nestjs-cors';
import { closeApps, PLATFORMS, startApp } from '../support/app.js';
import { preflightOf, send, type WireRequest } from '../support/client.js';
import { APP, EVIL } from '../support/expected.js';
import { tablesOf } from '../support/markdown.js';

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
  'header-not-allowed': [preflightOf('/plain', APP, 'PUT', 'authorization')],
  'headers-malformed': [preflightOf('/plain', APP, 'PUT', 'x-a,'.repeat(2500))],
  'origin-null': [preflightOf('/plain', 'null', 'PUT')],
  'origin-malformed': [preflightOf('/plain', `${APP}/`, 'PUT')],
  'path-ambiguous': [preflightOf('/files//private/a', APP, 'PUT'), preflightOf('/files/PRIVATE/a', APP, 'PUT')],
  'resolver-denied': [preflightOf('/denying', EVIL, 'PUT')],
  'resolver-failed': [preflightOf('/failing', EVIL, 'PUT')],
  'origin-missing': [{ method: 'PUT', path: '/rejecting', headers: { 'Sec-Fetch-Site': 'cross-site' } }],
};

const listed = tablesOf('docs/troubleshooting.md')
  .filter(({ columns }) => columns[0] === '`reason`')
  .flatMap(({ rows }) => rows)
  .flatMap(([reasons = '']) => reasons.replaceAll('`', '').split(', '));

afterEach(closeApps);

describe.each(PLATFORMS)('docs/troubleshooting.md on %s', platform => {
  it.each(listed)('knows a reason for a refusal: %s', async reason => {
    const routes = [
      { path: '/files/private', policy: false as const },
      { path: '/files/open', policy: {} },
    ];
    const cors = { origin: [APP], debug: true, routes };
    const app = await startApp({ platform, cors, controllers: [CatsController] });
    const requests = REFUSED[reason] ?? [];

    expect(requests.length).toBeGreaterThan(0);
    for (const request of requests) {
      const { status, body } = await send(app, request);
      expect({ status, ...(JSON.parse(body) as object) }).toMatchObject({ status: 403, reason });
    }
  });
});

it('docs/troubleshooting.md leaves out no reason that is known here', () => {
  expect([...listed].sort()).toEqual(Object.keys(REFUSED).sort());
});
