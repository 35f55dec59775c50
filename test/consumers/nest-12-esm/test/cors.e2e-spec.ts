import { type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { CorsConfigurationError, CorsModule, CorsService } from 'nestjs-cors';
import request from 'supertest';
import type { App } from 'supertest/types.js';
import { AppModule } from './../src/app.module.js';

const FRONT_END = 'https://app.example.com';
const PARTNER = 'https://partner.example.net';
const STRANGER = 'https://evil.example.org';
const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

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

  it.each([FRONT_END, PARTNER])('allows the preflight of a PUT from %s', async origin => {
    const response = await preflight(origin, 'PUT', 'content-type,x-csrf-token');
    expect(response.status).toBe(204);
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'content-type, x-csrf-token',
      'access-control-max-age': '600',
      vary: PREFLIGHT_VARY,
    });
  });

  it.each([
    [STRANGER, 'PUT', 'content-type'],
    [FRONT_END, 'PUT', 'x-other'],
    [FRONT_END, 'DELETE', 'content-type'],
  ])('refuses the preflight from %s of a %s with %s', async (origin, method, headers) => {
    const response = await preflight(origin, method, headers);
    expect(response.status).toBe(403);
    expect(corsHeadersOf(response)).toEqual({ vary: PREFLIGHT_VARY });
  });

  it('lets the front end read the 401 of the guard', async () => {
    const response = await put(FRONT_END);
    expect(response.status).toBe(401);
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': FRONT_END,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it('lets no other page read it', async () => {
    const response = await put(STRANGER);
    expect(response.status).toBe(401);
    expect(corsHeadersOf(response)).toEqual({ vary: 'Origin' });
  });

  it('lets any page read what is public', async () => {
    const response = await get(STRANGER);
    expect(response.status).toBe(200);
    expect(corsHeadersOf(response)).toEqual({ 'access-control-allow-origin': '*' });
  });

  it('gives the service by its class', () => {
    const policies = app.get(CorsService).policies();
    expect(policies.map(({ route }) => `${route.method} ${route.path}`).sort()).toEqual([
      'DELETE /cats/:id',
      'GET /cats',
      'PUT /cats/:id',
    ]);
  });

  it('does not boot with a policy that is unsafe', async () => {
    const unsafe = CorsModule.forRoot({ origin: 'https://app.example.com/' });
    const moduleFixture = await Test.createTestingModule({ imports: [unsafe] }).compile();
    const misconfigured = moduleFixture.createNestApplication();
    await expect(misconfigured.init()).rejects.toBeInstanceOf(CorsConfigurationError);
  });

  const get = (origin: string) => request(app.getHttpServer()).get('/cats').set('Origin', origin);
  const put = (origin: string) => request(app.getHttpServer()).put('/cats/1').set('Origin', origin);
  const preflight = (origin: string, method: string, headers: string) =>
    request(app.getHttpServer())
      .options('/cats/1')
      .set('Origin', origin)
      .set('Access-Control-Request-Method', method)
      .set('Access-Control-Request-Headers', headers);
});

function corsHeadersOf({ headers }: request.Response): Record<string, string> {
  const all = Object.entries(headers as Record<string, string>);
  return Object.fromEntries(all.filter(([name]) => name === 'vary' || name.startsWith('access-control-')));
}
