import type { PreflightVerdict } from '../../lib/decision/resource.js';
import type { Policy } from '../../lib/policy/compile.js';
import { compilePolicy } from '../support/policy.js';
import { judged, refusal, resourceOf, type RefusedReason } from '../support/decision.js';

const A = 'https://a.example';
const B = 'https://b.example';
const VARY = ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'];

interface Preflight {
  readonly requestMethod?: string;
  readonly requestHeaders?: string;
  readonly origin?: string;
}

function judge(
  { requestMethod = 'PUT', requestHeaders, origin = A }: Preflight,
  resource: Readonly<Record<string, readonly Policy[]>>,
): object {
  return judged({ method: 'OPTIONS', origin, requestMethod, requestHeaders }, resourceOf(resource));
}

interface Allowed {
  readonly candidate?: number;
  readonly status?: 200 | 204;
  /** The whole set of headers, in order. */
  readonly headers: readonly (readonly [string, string])[];
}

function allowed({ candidate = 0, status = 204, headers }: Allowed): object {
  return { reason: 'allowed', status, candidate, headers: { headers, vary: VARY } };
}

function refused(
  reason: RefusedReason,
  part?: string,
  verdict: PreflightVerdict['reason'] = refusal(reason).judgement,
): object {
  const headers = { headers: [], vary: VARY };
  return {
    reason: verdict,
    status: 403,
    candidate: 0,
    refused: { reason, parts: part === undefined ? [] : [part] },
    headers,
  };
}

describe('A preflight that is allowed', () => {
  it('is answered with the whole policy, and the methods that get the same answer', () => {
    const policy = compilePolicy({
      origin: [A],
      credentials: true,
      allowedHeaders: ['Content-Type', 'X-Token'],
      exposedHeaders: ['x-total-count'],
      maxAge: 5,
      optionsSuccessStatus: 200,
    });
    expect(judge({ requestHeaders: 'x-token' }, { GET: [policy], PUT: [policy], DELETE: [policy] })).toEqual(
      allowed({
        status: 200,
        headers: [
          ['Access-Control-Allow-Origin', A],
          ['Access-Control-Allow-Credentials', 'true'],
          ['Access-Control-Allow-Headers', 'Content-Type, X-Token'],
          ['Access-Control-Max-Age', '5'],
          ['Access-Control-Allow-Methods', 'GET, PUT, DELETE'],
        ],
      }),
    );
  });

  it("is answered with the literal asterisk by a policy of '*'", () => {
    const policy = compilePolicy({ origin: '*', allowedHeaders: [], maxAge: 0 });
    expect(judge({ origin: 'null' }, { PUT: [policy] })).toEqual(
      allowed({
        headers: [
          ['Access-Control-Allow-Origin', '*'],
          ['Access-Control-Max-Age', '0'],
          ['Access-Control-Allow-Methods', 'PUT'],
        ],
      }),
    );
  });

  const answered = (methods: string, extra: readonly (readonly [string, string])[] = []) => [
    ['Access-Control-Allow-Origin', A] as const,
    ...extra,
    ['Access-Control-Allow-Headers', 'content-type, authorization'] as const,
    ['Access-Control-Max-Age', '600'] as const,
    ['Access-Control-Allow-Methods', methods] as const,
  ];

  it('lists no method that the policy leaves out, the safelisted ones included', () => {
    const policy = compilePolicy({ origin: [A], methods: ['PUT', 'DELETE'] });
    expect(judge({}, { GET: [policy], HEAD: [policy], POST: [policy], PUT: [policy], DELETE: [policy] })).toEqual(
      allowed({ headers: answered('PUT, DELETE') }),
    );
  });

  it('lists no method that is not routed, whatever the policy says', () => {
    const policy = compilePolicy({ origin: [A], methods: ['GET', 'PUT', 'DELETE'] });
    expect(judge({}, { PUT: [policy] })).toEqual(allowed({ headers: answered('PUT') }));
  });

  it('lists no method that this origin may not use', () => {
    const open = compilePolicy({ origin: [A, B] });
    const closed = compilePolicy({ origin: [B] });
    const none = compilePolicy({ origin: false });
    expect(judge({}, { GET: [open], PUT: [open], POST: [closed], DELETE: [none] })).toEqual(
      allowed({ headers: answered('GET, PUT') }),
    );
  });

  it.each([
    ['other credentials', { origin: [A], credentials: true }],
    ['another max-age', { origin: [A], maxAge: 5 }],
    ['other headers', { origin: [A], allowedHeaders: ['content-type', 'x-a'] }],
    ['no headers', { origin: [A], allowedHeaders: [] }],
    ["the origin '*'", { origin: '*' }],
  ])('lists no method that is answered otherwise: %s', (_, options) => {
    const policy = compilePolicy({ origin: [A] });
    expect(judge({}, { PUT: [policy], PATCH: [compilePolicy(options)], DELETE: [policy] })).toEqual(
      allowed({ headers: answered('PUT, DELETE') }),
    );
  });

  it('lists methods of other policies that are answered alike', () => {
    const one = compilePolicy({ origin: [A], exposedHeaders: ['x-a'], credentials: true });
    const other = compilePolicy({ origin: [A, B], credentials: true, optionsSuccessStatus: 200 });
    expect(judge({}, { PUT: [one], DELETE: [other] })).toEqual(
      allowed({ headers: answered('PUT, DELETE', [['Access-Control-Allow-Credentials', 'true']]) }),
    );
  });

  it('lists no method that would refuse the requested headers', () => {
    const policy = compilePolicy({ origin: [A] });
    const other = compilePolicy({ origin: [A], allowedHeaders: ['x-a'] });
    expect(judge({ requestHeaders: 'content-type' }, { PUT: [policy], DELETE: [other] })).toEqual(
      allowed({ headers: answered('PUT') }),
    );
  });

  it('lists no routed method that scripts cannot send', () => {
    const policy = compilePolicy({ origin: [A] });
    expect(judge({}, { PUT: [policy], TRACE: [policy], CONNECT: [policy] })).toEqual(
      allowed({ headers: answered('PUT') }),
    );
  });
});

describe('A preflight that is refused', () => {
  const policy = compilePolicy({ origin: [A], methods: ['GET', 'PUT'], credentials: true });

  it.each([
    ['an origin that is not allowed', { origin: B }, refused('origin-not-allowed', B)],
    ['the null origin', { origin: 'null' }, refused('origin-null', 'null')],
    ['a malformed origin', { origin: `${A}/` }, refused('origin-malformed', `${A}/`)],
    ['a method that the policy leaves out', { requestMethod: 'DELETE' }, refused('method-not-allowed', 'DELETE')],
    ['a method that nobody serves', { requestMethod: 'PATCH' }, refused('method-not-routed', 'PATCH')],
    ['a routed method in another case', { requestMethod: 'put' }, refused('method-not-routed', 'put')],
    ['an empty method', { requestMethod: '' }, refused('method-malformed', '', 'method-not-routed')],
    ['a method that is no token', { requestMethod: 'P T' }, refused('method-malformed', 'P T', 'method-not-routed')],
    [
      'a method that no script can send',
      { requestMethod: 'TRACE' },
      refused('method-malformed', 'TRACE', 'method-not-routed'),
    ],
    ['a method of Object', { requestMethod: 'constructor' }, refused('method-not-routed', 'constructor')],
    ['a header that is not allowed', { requestHeaders: 'x-a' }, refused('header-not-allowed', 'x-a')],
    ['a malformed header list', { requestHeaders: 'x a' }, refused('headers-malformed', 'x a')],
  ])('for %s has no Access-Control header at all', (_, request, expected) => {
    expect(judge(request, { GET: [policy], PUT: [policy], DELETE: [policy] })).toEqual(expected);
  });

  it('for a path with origin: false says that there is no access', () => {
    expect(judge({}, { PUT: [compilePolicy({ origin: false })] })).toEqual(refused('no-cross-origin-access'));
  });

  it('without an origin is no preflight, and allowed nothing', () => {
    const request = { method: 'OPTIONS', origin: undefined, requestMethod: 'PUT', requestHeaders: undefined };
    expect(judged(request, resourceOf({ PUT: [policy] }))).toEqual(refused('no-origin'));
  });

  it('without a requested method is refused', () => {
    const request = { method: 'OPTIONS', origin: A, requestMethod: undefined, requestHeaders: undefined };
    expect(judged(request, resourceOf({ PUT: [policy] }))).toEqual(
      refused('method-malformed', '', 'method-not-routed'),
    );
  });

  it('for a method without a candidate is one that nobody serves', () => {
    expect(judge({}, { PUT: [] })).toEqual(refused('method-not-routed', 'PUT'));
  });
});

describe('Where a preflight cannot tell which handler it is for', () => {
  const forA = compilePolicy({ origin: [A], allowedHeaders: ['x-a'], credentials: true, maxAge: 60 });
  const forB = compilePolicy({ origin: [B], allowedHeaders: ['x-b'], maxAge: 5, optionsSuccessStatus: 200 });
  const forBoth = compilePolicy({ origin: [A, B], allowedHeaders: ['x-c'], maxAge: 30 });

  const byForA = [
    ['Access-Control-Allow-Origin', A],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Allow-Headers', 'x-a'],
    ['Access-Control-Max-Age', '5'],
    ['Access-Control-Allow-Methods', 'PUT'],
  ] as const;

  it('the first candidate that allows it answers, with the smallest max-age of all', () => {
    expect(judge({ requestHeaders: 'x-a' }, { PUT: [forA, forB, forBoth] })).toEqual(
      allowed({ candidate: 0, headers: byForA }),
    );
    expect(judge({ requestHeaders: 'x-a' }, { PUT: [forB, forBoth, forA] })).toEqual(
      allowed({ candidate: 2, headers: byForA }),
    );
  });

  it('the answer has the status and every field of one candidate', () => {
    expect(judge({ origin: B, requestHeaders: 'x-b' }, { PUT: [forA, forB] })).toEqual(
      allowed({
        candidate: 1,
        status: 200,
        headers: [
          ['Access-Control-Allow-Origin', B],
          ['Access-Control-Allow-Headers', 'x-b'],
          ['Access-Control-Max-Age', '5'],
          ['Access-Control-Allow-Methods', 'PUT'],
        ],
      }),
    );
  });

  it('no mixture of candidates is allowed: the origin of one with the headers of another', () => {
    expect(judge({ requestHeaders: 'x-b' }, { PUT: [forA, forB] })).toEqual(refused('header-not-allowed', 'x-b'));
    expect(judge({ requestHeaders: 'x-a,x-c' }, { PUT: [forA, forBoth] })).toEqual(
      refused('header-not-allowed', 'x-c'),
    );
  });

  it('the method of one with the origin of another is not allowed either', () => {
    const getForA = compilePolicy({ origin: [A], methods: ['GET'] });
    const putForB = compilePolicy({ origin: [B], methods: ['PUT'] });
    expect(judge({}, { PUT: [getForA, putForB] })).toEqual(refused('method-not-allowed', 'PUT'));
  });

  it("the refusal is the first candidate's", () => {
    expect(judge({ origin: B, requestHeaders: 'x-z' }, { PUT: [forA, forB] })).toEqual(
      refused('origin-not-allowed', B),
    );
    expect(judge({ origin: B, requestHeaders: 'x-z' }, { PUT: [forB, forA] })).toEqual(
      refused('header-not-allowed', 'x-z'),
    );
  });

  it('another method is listed where its own candidates are answered alike, max-age included', () => {
    const headers = (methods: string) => [...byForA.slice(0, 4), ['Access-Control-Allow-Methods', methods] as const];
    const resource = { PUT: [forA, forB], DELETE: [forB, forA], PATCH: [forA], POST: [forB] };
    expect(judge({ requestHeaders: 'x-a' }, resource)).toEqual(
      allowed({ candidate: 0, headers: headers('PUT, DELETE') }),
    );
  });
});
