import fc from 'fast-check';
import { judgeResource } from '../../lib/decision/preflight.js';
import type { CorsRequest } from '../../lib/decision/request.js';
import { createCandidate, createResource } from '../../lib/decision/resource.js';
import { reveal } from '../../lib/decision/reveal.js';
import { headerList, type CorsHeaders } from '../../lib/policy/response.js';
import { compilePolicy } from '../support/policy.js';
import { runs } from '../support/property.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH'];
const NAMES = ['content-type', 'authorization', 'x-a', 'x-b'];
const A = 'https://a.example';

const policies = fc
  .sample(
    fc
      .record(
        {
          origin: fc.constantFrom<unknown>('*', false, [A], ['https://b.example'], ['https://*.example.com', A]),
          methods: fc.subarray(METHODS, { minLength: 1 }),
          allowedHeaders: fc.oneof(fc.subarray(NAMES), fc.constant('*')),
          credentials: fc.boolean(),
        },
        { requiredKeys: ['origin'], noNullPrototype: true },
      )
      .filter(({ credentials, origin, allowedHeaders }) => {
        return credentials !== true || ![origin, allowedHeaders].includes('*');
      }),
    runs(150),
  )
  .map(compilePolicy);

const resource = fc
  .array(
    fc.tuple(fc.constantFrom(...METHODS), fc.array(fc.constantFrom(...policies), { minLength: 1, maxLength: 3 })),
    {
      maxLength: 4,
    },
  )
  .map(methods =>
    createResource(
      [...new Map(methods)].map(([method, candidates]) => ({
        method,
        candidates: candidates.map(policy => createCandidate([policy])),
      })),
    ),
  );

const request: fc.Arbitrary<CorsRequest> = fc.record({
  method: fc.constant('OPTIONS'),
  origin: fc.constantFrom(A, 'https://b.example', 'https://x.example.com', 'null'),
  requestMethod: fc.constantFrom(...METHODS, 'patch', '*', '', 'P T'),
  requestHeaders: fc.oneof(
    fc.constant(undefined),
    fc.subarray([...NAMES, 'x-c', 'x y']).map(names => names.join()),
    fc.constantFrom('X-A, x-b', 'content-type,,authorization', '*'),
  ),
});

/** A browser, by the words of Fetch §4.8: would it send the request after this answer? */
function sends(
  { origin = '', requestMethod = '', requestHeaders = '' }: CorsRequest,
  { headers, status }: { readonly headers: CorsHeaders; readonly status: number },
  credentials: boolean,
): boolean {
  const sent = new Map(headerList(headers, origin).map(([name, value]) => [name.toLowerCase(), value]));
  const listed = (name: string) => (sent.get(name) ?? '').split(', ').filter(each => each !== '');
  if (status !== 204 && status !== 200) return false;
  const allowed = sent.get('access-control-allow-origin');
  if (!(allowed === '*' && !credentials) && allowed !== origin) return false;
  if (credentials && sent.get('access-control-allow-credentials') !== 'true') return false;
  const methods = listed('access-control-allow-methods');
  const isSafelisted = ['GET', 'HEAD', 'POST'].includes(requestMethod);
  if (!methods.includes(requestMethod) && !isSafelisted && (credentials || !methods.includes('*'))) return false;
  const names = listed('access-control-allow-headers').map(name => name.toLowerCase());
  const announced = requestHeaders.split(',').map(name => name.trim().toLowerCase());
  return announced
    .filter(name => name !== '')
    .every(name => names.includes(name) || (!credentials && names.includes('*') && name !== 'authorization'));
}

describe('The answer that makes a browser name the reason of a refusal', () => {
  it('lets nothing through that is refused without it, with credentials or without', () => {
    let revealed = 0;
    fc.assert(
      fc.property(resource, request, (path, preflight) => {
        const verdict = judgeResource(preflight, path);
        const shown = reveal(verdict, preflight, path);
        if (verdict.reason === 'allowed') return expect(shown).toBe(verdict);
        if (shown !== verdict) revealed++;
        expect([sends(preflight, shown, false), sends(preflight, shown, true)]).toEqual([false, false]);
        // The origin is what it never gives away: the browser would blame it, and this one is not to be blamed.
        const isShown = shown.headers.allowOrigin !== undefined;
        expect(isShown).toBe(shown.isRevealing === true);
        expect(headerList(shown.headers, preflight.origin).map(([name]) => name)).not.toContain(
          'Access-Control-Max-Age',
        );
        return undefined;
      }),
      runs(4000),
    );
    expect(revealed).toBeGreaterThan(20);
  });

  it('is given to allowed origins alone', () => {
    fc.assert(
      fc.property(resource, request, (path, preflight) => {
        const shown = reveal(judgeResource(preflight, path), preflight, path);
        if (shown.isRevealing !== true) return;
        const { values } = shown.policy ?? {};
        const origins = values?.origin === '*' || values?.origin === false ? [] : (values?.origin ?? []);
        expect(
          values?.origin === '*' ||
            origins.includes(preflight.origin ?? '') ||
            (preflight.origin === 'https://x.example.com' && origins.includes('https://*.example.com')),
        ).toBe(true);
      }),
      runs(2000),
    );
  });

  it('is not given where another candidate with the same answer has the method: the browser would send the request', () => {
    const here = compilePolicy({ origin: A, methods: ['GET'] });
    const elsewhere = compilePolicy({ origin: 'https://b.example', methods: ['GET', 'PUT'] });
    const path = createResource([
      { method: 'PUT', candidates: [createCandidate([here]), createCandidate([elsewhere])] },
    ]);
    const preflight = { method: 'OPTIONS', origin: A, requestMethod: 'PUT', requestHeaders: undefined };
    const verdict = judgeResource(preflight, path);

    expect(verdict).toMatchObject({ reason: 'method-not-allowed', status: 403 });
    expect(reveal(verdict, preflight, path)).toBe(verdict);
  });

  it.each<[string, string, string | undefined]>([
    ['a GET with a method list that leaves it out', 'GET', undefined],
    ['a safelisted method that nobody serves', 'POST', undefined],
    ['the same with a header that is not allowed', 'POST', 'x-a'],
    ['a malformed method', 'P T', undefined],
    ['an asterisk as a method', '*', undefined],
    ['a malformed list of headers', 'PUT', 'x y'],
  ])('is not given for %s: the refusal stays as it is', (_title, requestMethod, requestHeaders) => {
    const policy = compilePolicy({ origin: A, methods: ['PUT'] });
    const path = createResource(['GET', 'PUT'].map(method => ({ method, candidates: [createCandidate([policy])] })));
    const preflight = { method: 'OPTIONS', origin: A, requestMethod, requestHeaders };
    const verdict = judgeResource(preflight, path);

    expect(reveal(verdict, preflight, path)).toBe(verdict);
    expect(verdict.status).toBe(403);
  });
});
