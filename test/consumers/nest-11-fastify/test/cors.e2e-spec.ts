import { Test } from '@nestjs/testing';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CorsConfigurationError, CorsModule, CorsService } from 'nestjs-cors';
import { AppModule } from './../src/app.module';

const FRONT_END = 'https://app.example.com';
const PARTNER = 'https://partner.example.net';
const STRANGER = 'https://evil.example.org';
const PREFLIGHT_VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

describe('CORS (e2e)', () => {
  let app: NestFastifyApplication;

  beforeEach(async () => {
    const moduleFixture = await Test.createTestingModule({ imports: [AppModule] }).compile();
    app = moduleFixture.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
  });

  afterEach(async () => {
    await app.close();
  });

  it.each([FRONT_END, PARTNER])('allows the preflight of a PUT from %s', async origin => {
    const response = await preflight(origin, 'PUT', 'content-type,x-csrf-token');
    expect(response.statusCode).toBe(204);
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
    expect(response.statusCode).toBe(403);
    expect(corsHeadersOf(response)).toEqual({ vary: PREFLIGHT_VARY });
  });

  it('lets the front end read the 401 of the guard', async () => {
    const response = await put(FRONT_END);
    expect(response.statusCode).toBe(401);
    expect(corsHeadersOf(response)).toEqual({
      'access-control-allow-origin': FRONT_END,
      'access-control-allow-credentials': 'true',
      vary: 'Origin',
    });
  });

  it('lets no other page read it', async () => {
    const response = await put(STRANGER);
    expect(response.statusCode).toBe(401);
    expect(corsHeadersOf(response)).toEqual({ vary: 'Origin' });
  });

  it('lets any page read what is public', async () => {
    const response = await get(STRANGER);
    expect(response.statusCode).toBe(200);
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
    const misconfigured = moduleFixture.createNestApplication(new FastifyAdapter());
    await expect(misconfigured.init()).rejects.toBeInstanceOf(CorsConfigurationError);
  });

  const get = (origin: string) => app.inject({ method: 'GET', url: '/cats', headers: { origin } });
  const put = (origin: string) => app.inject({ method: 'PUT', url: '/cats/1', headers: { origin } });
  const preflight = (origin: string, method: string, headers: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/cats/1',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    });
});

function corsHeadersOf({ headers }: { headers: object }): Record<string, string> {
  const all = Object.entries(headers as Record<string, string>);
  return Object.fromEntries(all.filter(([name]) => name === 'vary' || name.startsWith('access-control-')));
}
