import type { Policy } from '../../lib/policy/compile.js';
import {
  judgeActual,
  judgeOrigin,
  judgePreflight,
  needsResolver,
  type ResolverAnswer,
} from '../../lib/decision/reason.js';
import { judgeResource, questionsOf, refineVerdict, type AnswerOf } from '../../lib/decision/preflight.js';
import type { CorsRequest } from '../../lib/decision/request.js';
import { compilePolicy } from '../support/policy.js';
import { judged, judgedBy, methodOf, refusal as refused, resourceOf } from '../support/decision.js';

const A = 'https://a.example';
const B = 'https://b.example';
const resolver = () => true;
const LIST = compilePolicy({ origin: [A] });
const ASKS = compilePolicy({ origin: [A, resolver], methods: ['GET', 'PUT'], allowedHeaders: ['x-a'] });
const BOUNDED = compilePolicy({ origin: resolver, bounds: { origin: ['https://*.example'] } });

function preflight(origin: string | undefined, requestMethod = 'PUT', requestHeaders?: string): CorsRequest {
  return { method: 'OPTIONS', origin, requestMethod, requestHeaders };
}

const judgeOriginOf = (origin: string | undefined, policy: Policy, answer?: ResolverAnswer) =>
  judgedBy((request, ...others) => judgeOrigin(request.origin, ...others), actual('GET', origin), policy, answer);
const judge = {
  actual: (...args: Parameters<typeof judgeActual>) => judgedBy(judgeActual, ...args),
  preflight: (...args: Parameters<typeof judgePreflight>) => judgedBy(judgePreflight, ...args),
};

function actual(method: string, origin: string | undefined): CorsRequest {
  return { method, origin, requestMethod: undefined, requestHeaders: undefined };
}

describe('needsResolver', () => {
  it.each<[string, boolean, string | undefined, Policy]>([
    ['for an origin that the list does not hold', true, B, ASKS],
    ['for one of another scheme', true, 'capacitor://localhost', ASKS],
    ['not for one that the list holds', false, A, ASKS],
    ['not without an origin', false, undefined, ASKS],
    ['not for null', false, 'null', ASKS],
    ['not for what is no origin', false, `${B}/`, ASKS],
    ['not for several', false, `${B}, ${B}`, ASKS],
    ['not without a resolver', false, B, LIST],
    ['not for any origin', false, B, compilePolicy({ origin: '*' })],
    ['not without access', false, B, compilePolicy({ origin: false })],
    ['within the bounds', true, B, BOUNDED],
    ['not beyond the bounds', false, 'https://b.test', BOUNDED],
  ])('%s', (_when, expected, origin, policy) => {
    expect(needsResolver(origin, policy)).toBe(expected);
  });
});

describe('judgeOrigin with an answer', () => {
  it.each<[ResolverAnswer | undefined, unknown]>([
    ['allowed', 'allowed'],
    ['denied', refused('resolver-denied', B)],
    ['failed', refused('resolver-failed', B)],
    [undefined, refused('origin-not-allowed', B)],
  ])('%s decides about an origin that the list does not hold', (answer, expected) => {
    expect(judgeOriginOf(B, ASKS, answer)).toEqual(expected);
  });

  it.each<[string, string, Policy, unknown]>([
    ['of the list', A, ASKS, 'allowed'],
    ['null', 'null', ASKS, refused('origin-null', 'null')],
    ['that is none', `${B}/`, ASKS, refused('origin-malformed', `${B}/`)],
    ['of a policy without a resolver', B, LIST, refused('origin-not-allowed', B)],
    ['beyond the bounds', 'https://b.test', BOUNDED, refused('origin-not-allowed', 'https://b.test')],
  ])('makes no difference to an origin %s', (_what, origin, policy, expected) => {
    for (const answer of ['allowed', 'denied', 'failed', undefined] as const) {
      expect(judgeOriginOf(origin, policy, answer)).toEqual(expected);
    }
  });

  it('leaves a request without an origin, any origin and no access as they are', () => {
    expect(judgeOriginOf(undefined, ASKS, 'allowed')).toEqual(refused('no-origin'));
    expect(judgeOriginOf(B, compilePolicy({ origin: '*' }), 'denied')).toEqual('allowed');
    expect(judgeOriginOf(B, compilePolicy({ origin: false }), 'allowed')).toEqual(refused('no-cross-origin-access'));
  });
});

describe('An answer', () => {
  it('allows nothing else that the policy refuses', () => {
    expect(judge.actual(actual('GET', B), ASKS, 'allowed')).toEqual('allowed');
    expect(judge.actual(actual('POST', B), ASKS, 'allowed')).toEqual(refused('method-not-allowed', 'POST'));
    expect(judge.actual(actual('GET', B), ASKS, 'denied')).toEqual(refused('resolver-denied', B));
    expect(judge.preflight(preflight(B, 'PUT', 'x-a'), ASKS, 'allowed')).toEqual('allowed');
    expect(judge.preflight(preflight(B, 'POST'), ASKS, 'allowed')).toEqual(refused('method-not-allowed', 'POST'));
    expect(judge.preflight(preflight(B, 'PUT', 'x-b'), ASKS, 'allowed')).toEqual(refused('header-not-allowed', 'x-b'));
    expect(judge.preflight(preflight(B, 'PUT', 'x-b'), ASKS, 'failed')).toEqual(refused('resolver-failed', B));
  });
});

describe('questionsOf', () => {
  const candidates: Record<string, readonly Policy[]> = {
    PUT: [LIST, ASKS, BOUNDED],
    POST: [ASKS],
    GET: [ASKS],
  };
  const ask = (request: CorsRequest, method: string) =>
    questionsOf(request, methodOf(method, candidates[method] ?? [])).flatMap(questions => questions ?? []);

  it('has each candidate of the method whose resolver would decide', () => {
    expect(ask(preflight(B, 'PUT', ''), 'PUT')).toEqual([
      { policy: ASKS, method: 'PUT', candidate: 1, member: 0 },
      { policy: BOUNDED, method: 'PUT', candidate: 2, member: 0 },
    ]);
    // Asked of a method that is not the announced one: whether it can be listed.
    expect(ask(preflight(B), 'GET')).toEqual([{ policy: ASKS, method: 'GET', candidate: 0, member: 0 }]);
  });

  it.each<[string, CorsRequest, string]>([
    ['a method that nobody serves', preflight(B), 'DELETE'],
    ['a method that the policy leaves out', preflight(B), 'POST'],
    ['a header that it does not list', preflight(B, 'GET', 'x-b'), 'GET'],
    ['an origin of the list', preflight(A), 'GET'],
    ['null', preflight('null'), 'GET'],
    ['what is no origin', preflight(`${B}/`), 'GET'],
    ['no origin', preflight(undefined), 'GET'],
  ])('has none about %s', (_what, request, method) => {
    expect(ask(request, method)).toEqual([]);
  });
});

describe('judgeResource with answers', () => {
  const answered = (methods: string) => ({
    headers: [
      ['Access-Control-Allow-Origin', B],
      ['Access-Control-Allow-Headers', 'x-a'],
      ['Access-Control-Max-Age', '600'],
      ['Access-Control-Allow-Methods', methods],
    ],
    vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
  });
  const resource = resourceOf({ GET: [ASKS], PUT: [ASKS] });
  const judge = (answerOf?: AnswerOf) => judged(preflight(B), resource, answerOf);

  it('lists the methods for which the resolver allows the origin', () => {
    const both = judge(() => 'allowed');
    expect(both).toEqual({ reason: 'allowed', status: 204, candidate: 0, headers: answered('GET, PUT') });
    const one = judge((_policy, method) => (method === 'PUT' ? 'allowed' : 'denied'));
    expect(one.headers).toEqual(answered('PUT'));
    // A method that nobody asked about is not listed.
    const unasked = judge((_, method) => (method === 'PUT' ? 'allowed' : undefined));
    expect(unasked.headers).toEqual(answered('PUT'));
  });

  it('is told of which policy and method it needs an answer, and has the refusal of the first candidate', () => {
    const other = compilePolicy({ origin: resolver });
    const asked: unknown[] = [];
    const candidates = resourceOf({ PUT: [ASKS, other] });
    const answerOf: AnswerOf = (policy, method) => {
      asked.push([policy === ASKS ? 'first' : 'second', method]);
      return policy === ASKS ? 'failed' : 'denied';
    };
    const verdict = judgeResource(preflight(B), candidates, answerOf);
    expect(asked).toEqual([
      ['first', 'PUT'],
      ['second', 'PUT'],
    ]);
    const headers = { headers: [] };
    expect(verdict).toMatchObject({
      reason: 'origin-not-allowed',
      status: 403,
      headers,
      policy: ASKS,
      answer: 'failed',
    });
    expect(refineVerdict(verdict, preflight(B))).toEqual({ reason: 'resolver-failed', parts: [B] });
  });

  it('refuses without answers', () => {
    const { judgement, ...reason } = refused('origin-not-allowed', B);
    expect(judge()).toMatchObject({ reason: judgement, refused: reason });
  });
});
