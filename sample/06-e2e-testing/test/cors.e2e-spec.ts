import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import request from 'supertest';
import type { Response } from 'supertest';
import type { App } from 'supertest/types.js';
import { AppModule } from './../src/app.module.js';

const FRONT_END = 'https://app.example.com';
const STRANGER = 'https://evil.example.net';

describe('CORS (e2e)', () => {
  let app: INestApplication<App>;

  beforeEach(async () => {
    const moduleFixture = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = moduleFixture.createNestApplication();
    await app.init();
  });

  afterEach(async () => {
    await app.close();
  });

  describe('GET /account', () => {
    const account = (origin: string) => request(app.getHttpServer()).get('/account').set('Origin', origin);

    it('can be read by the front end, with cookies', async () => {
      const response = await account(FRONT_END).set('Cookie', 'session=demo').expect(200, { name: 'Ann' });
      expect(corsHeadersOf(response)).toEqual({
        'access-control-allow-origin': FRONT_END,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
    });

    it('cannot be read by a page of another origin', async () => {
      // The handler runs all the same: it is the browser that withholds the response from the page.
      const response = await account(STRANGER).set('Cookie', 'session=demo').expect(200);
      expect(corsHeadersOf(response)).toEqual({ vary: 'Origin' });
    });

    it('answers 401 in a way that the front end can read', async () => {
      const response = await account(FRONT_END).expect(401);
      expect(corsHeadersOf(response)).toEqual({
        'access-control-allow-origin': FRONT_END,
        'access-control-allow-credentials': 'true',
        vary: 'Origin',
      });
    });

    it('keeps its 401 from a page of another origin', async () => {
      const response = await account(STRANGER).expect(401);
      expect(corsHeadersOf(response)).toEqual({ vary: 'Origin' });
    });
  });

  describe('the preflight of PUT /account', () => {
    it('is allowed for the front end, and needs no cookie', async () => {
      const response = await preflight('/account', FRONT_END, 'PUT', 'content-type,x-csrf-token').expect(204);
      expect(corsHeadersOf(response)).toEqual({
        'access-control-allow-origin': FRONT_END,
        'access-control-allow-credentials': 'true',
        'access-control-allow-methods': 'GET, HEAD, PUT',
        'access-control-allow-headers': 'content-type, x-csrf-token',
        'access-control-max-age': '600',
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
    });

    it.each([
      ['the origin', STRANGER, 'PUT', 'content-type'],
      ['the method', FRONT_END, 'DELETE', 'content-type'],
      ['a header', FRONT_END, 'PUT', 'content-type,x-other'],
    ])('is refused where %s is not allowed', async (_what, origin, method, headers) => {
      const response = await preflight('/account', origin, method, headers).expect(403);
      expect(corsHeadersOf(response)).toEqual({
        vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
      });
    });
  });

  describe('GET /status', () => {
    it('can be read by any page, without cookies', async () => {
      const response = await request(app.getHttpServer()).get('/status').set('Origin', STRANGER).expect(200);
      expect(corsHeadersOf(response)).toEqual({ 'access-control-allow-origin': '*' });
    });
  });

  /** A preflight as browsers send it. */
  function preflight(path: string, origin: string, method: string, headers: string) {
    return request(app.getHttpServer())
      .options(path)
      .set('Origin', origin)
      .set('Access-Control-Request-Method', method)
      .set('Access-Control-Request-Headers', headers);
  }
});

/** All of them: a test that looks for one header does not see the one that should not be there. */
function corsHeadersOf({ headers }: Response): Record<string, string> {
  const all = Object.entries(headers as Record<string, string>);
  return Object.fromEntries(all.filter(([name]) => name === 'vary' || name.startsWith('access-control-')));
}
