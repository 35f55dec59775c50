import { judgeActual, judgeOrigin, judgePreflight } from '../../lib/decision/reason.js';
import type { CorsRequest } from '../../lib/decision/request.js';
import type { Policy } from '../../lib/policy/compile.js';
import { judgedBy, refusal as refused } from '../support/decision.js';
import { compilePolicy } from '../support/policy.js';

const A = 'https://a.example';
const LIST = compilePolicy({ origin: [A, 'https://*.example.com', 'http://[::1]:3000'] });
const ANY = compilePolicy({ origin: '*' });
const NONE = compilePolicy({ origin: false });

function actual(method: string, origin?: string): CorsRequest {
  return { method, origin, requestMethod: undefined, requestHeaders: undefined };
}

function preflight(requestMethod?: string, requestHeaders?: string, origin: string | undefined = A): CorsRequest {
  return { method: 'OPTIONS', origin, requestMethod, requestHeaders };
}

describe('judgeOrigin', () => {
  const judge = (origin: string | undefined, policy: Policy) =>
    judgedBy((request, ...others) => judgeOrigin(request.origin, ...others), actual('GET', origin), policy);

  it.each([
    [A, 'allowed'],
    ['https://x.y.example.com', 'allowed'],
    ['http://[::1]:3000', 'allowed'],
    [undefined, refused('no-origin')],
    ['null', refused('origin-null', 'null')],
    ['https://b.example', refused('origin-not-allowed', 'https://b.example')],
    ['http://a.example', refused('origin-not-allowed', 'http://a.example')],
    ['http://[::1]:3001', refused('origin-not-allowed', 'http://[::1]:3001')],
    ['capacitor://localhost', refused('origin-not-allowed', 'capacitor://localhost')],
    ['', refused('origin-malformed', '')],
    ['*', refused('origin-malformed', '*')],
    ['Null', refused('origin-malformed', 'Null')],
    ['https://A.example', refused('origin-malformed', 'https://A.example')],
    ['https://a.example/', refused('origin-malformed', 'https://a.example/')],
    ['https://a.example:443', refused('origin-malformed', 'https://a.example:443')],
    ['https://a.example, https://a.example', refused('origin-malformed', 'https://a.example, https://a.example')],
    [`https://a.example${'x'.repeat(400)}`, refused('origin-malformed', `https://a.example${'x'.repeat(400)}`)],
  ])('with a list, %s', (origin, expected) => {
    expect(judge(origin, LIST)).toEqual(expected);
  });

  it.each([A, undefined, 'null', '', 'https://A.example/'])("with '*', allows %p by the literal asterisk", origin => {
    expect(judge(origin, ANY)).toEqual('allowed');
  });

  it.each([A, 'null', ''])('with false, allows no cross-origin access to %p', origin => {
    expect(judge(origin, NONE)).toEqual(refused('no-cross-origin-access'));
  });

  it('with false, takes a request without an origin for what it is', () => {
    expect(judge(undefined, NONE)).toEqual(refused('no-origin'));
  });

  it.each([LIST, ANY, NONE])('gives a reason that nobody can change for the next request (%#)', policy => {
    expect(typeof judgeOrigin(undefined, policy)).toBe('string');
  });
});

describe('judgeActual', () => {
  const judge = (request: CorsRequest, policy: Policy) => judgedBy(judgeActual, request, policy);
  const GET_ONLY = compilePolicy({ origin: [A], methods: ['GET'] });
  const ANY_GET_ONLY = compilePolicy({ origin: '*', methods: ['GET'] });

  it.each([
    ['an allowed origin and method', 'allowed', judge(actual('GET', A), GET_ONLY)],
    ['any method where none is stated', 'allowed', judge(actual('PROPFIND', A), LIST)],
    ['a method that the policy leaves out', refused('method-not-allowed', 'PUT'), judge(actual('PUT', A), GET_ONLY)],
    ['HEAD, which is not exempt', refused('method-not-allowed', 'HEAD'), judge(actual('HEAD', A), GET_ONLY)],
    ['POST, which is not exempt', refused('method-not-allowed', 'POST'), judge(actual('POST', A), GET_ONLY)],
    ['a method in another case', refused('method-not-allowed', 'get'), judge(actual('get', A), GET_ONLY)],
    ['the origin before the method', refused('origin-null', 'null'), judge(actual('PUT', 'null'), GET_ONLY)],
    ['no origin', refused('no-origin'), judge(actual('GET'), GET_ONLY)],
    ["'*' with a stated method", 'allowed', judge(actual('GET'), ANY_GET_ONLY)],
    ["'*' with another method", refused('method-not-allowed', 'PUT'), judge(actual('PUT', A), ANY_GET_ONLY)],
    ['no cross-origin access', refused('no-cross-origin-access'), judge(actual('GET', A), NONE)],
  ])('judges %s', (_, expected, reason) => {
    expect(reason).toEqual(expected);
  });

  it('takes no notice of preflight headers on an actual request', () => {
    const request = { method: 'GET', origin: A, requestMethod: 'TRACE', requestHeaders: 'x y' };
    expect(judge(request, GET_ONLY)).toEqual('allowed');
  });
});

describe('judgePreflight', () => {
  const judge = (request: CorsRequest, policy: Policy) => judgedBy(judgePreflight, request, policy);
  const POLICY = compilePolicy({ origin: [A], methods: ['GET', 'PUT'], allowedHeaders: ['X-Token'] });

  it.each([
    ['an allowed method and header', preflight('PUT', 'x-token'), 'allowed'],
    ['no requested headers', preflight('GET'), 'allowed'],
    ['a method that the policy leaves out', preflight('POST', 'x-token'), refused('method-not-allowed', 'POST')],
    ['a method in another case', preflight('put'), refused('method-not-allowed', 'put')],
    ['an empty method', preflight(''), refused('method-malformed', '')],
    ['a method that is no token', preflight('P T'), refused('method-malformed', 'P T')],
    ['two methods', preflight('PUT, GET'), refused('method-malformed', 'PUT, GET')],
    ['the method that would stand for all of them', preflight('*'), refused('method-malformed', '*')],
    ['a method that is too long for one', preflight('A'.repeat(65)), refused('method-malformed', 'A'.repeat(65))],
    ['a method that no script can send', preflight('TRACE'), refused('method-malformed', 'TRACE')],
    ['the same in another case', preflight('Connect'), refused('method-malformed', 'Connect')],
    [
      'an origin that is not allowed',
      preflight('PUT', 'x-token', 'https://b.example'),
      refused('origin-not-allowed', 'https://b.example'),
    ],
    ['a header that is not allowed', preflight('PUT', 'x-token,X-Other'), refused('header-not-allowed', 'X-Other')],
    ['a malformed header list', preflight('PUT', 'x token'), refused('headers-malformed', 'x token')],
    ['a header list that is too long', preflight('PUT', 'x-token,'.repeat(1025)), refused('headers-malformed')],
    [
      'everything wrong: the method first',
      preflight('', 'x y', 'null'),
      { ...refused('method-malformed', ''), judgement: 'origin-not-allowed' },
    ],
    ['then the origin', preflight('POST', 'x y', 'null'), refused('origin-null', 'null')],
    ['then whether the method is allowed', preflight('POST', 'x y'), refused('method-not-allowed', 'POST')],
  ])('judges %s', (_, request, expected) => {
    expect(judge(request, POLICY)).toEqual(expected);
  });

  it('refuses a missing method', () => {
    expect(judgePreflight(preflight(undefined), POLICY)).toBe('method-not-allowed');
  });

  it("allows any header where allowedHeaders is '*', Authorization included", () => {
    const policy = compilePolicy({ origin: '*', allowedHeaders: '*' });
    expect(judge(preflight('DELETE', 'authorization,x-anything'), policy)).toEqual('allowed');
  });

  it('allows nobody with origin: false', () => {
    expect(judge(preflight('GET'), NONE)).toEqual(refused('no-cross-origin-access'));
  });
});
