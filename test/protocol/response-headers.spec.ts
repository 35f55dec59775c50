import type { Decision } from '../../lib/protocol/decision.js';
import {
  actualResponse,
  preflightTerms,
  PREFLIGHT_VARY,
  REFUSED_PREFLIGHT,
} from '../../lib/protocol/response-headers.js';
import { compilePolicy } from '../support/policy.js';

const A = 'https://a.example';
const REFUSED: Decision = { allowed: false, reason: 'origin-not-allowed', detail: A };

function approved(allowOrigin: string): Decision {
  return { allowed: true, reason: 'allowed', allowOrigin };
}

describe('The headers of an actual response', () => {
  it('are the origin and Vary with a list', () => {
    expect(actualResponse(compilePolicy({ origin: [A] }), approved(A))).toEqual({
      headers: [['Access-Control-Allow-Origin', A]],
      vary: ['Origin'],
    });
  });

  it('are credentials and exposed headers where the policy has them, and nothing of a preflight', () => {
    const policy = compilePolicy({
      origin: [A],
      credentials: true,
      exposedHeaders: ['X-Total-Count', 'link'],
      allowedHeaders: ['x-a'],
      methods: ['GET'],
      maxAge: 5,
    });
    expect(actualResponse(policy, approved(A))).toEqual({
      headers: [
        ['Access-Control-Allow-Origin', A],
        ['Access-Control-Allow-Credentials', 'true'],
        ['Access-Control-Expose-Headers', 'X-Total-Count, link'],
      ],
      vary: ['Origin'],
    });
  });

  it("are the literal asterisk without Vary with '*'", () => {
    expect(actualResponse(compilePolicy({ origin: '*', exposedHeaders: '*' }), approved('*'))).toEqual({
      headers: [
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Expose-Headers', '*'],
      ],
      vary: [],
    });
  });

  it.each([
    ['a list', { origin: [A], credentials: true, exposedHeaders: ['x-a'] }, ['Origin']],
    ["'*'", { origin: '*', methods: ['GET'] }, []],
    ['false', { origin: false }, []],
    ['false that rejects', { origin: false, rejectDisallowed: true }, ['Origin']],
  ])('are none for a refusal, but for the Vary of the policy: origin %s', (_, options, vary) => {
    expect(actualResponse(compilePolicy(options), REFUSED)).toEqual({ headers: [], vary });
  });

  it('never say credentials beside an asterisk, whatever the policy', () => {
    const policy = { ...compilePolicy({ origin: '*' }), credentials: true };
    expect(actualResponse(policy, approved('*'))).toEqual({
      headers: [['Access-Control-Allow-Origin', '*']],
      vary: [],
    });
    expect(preflightTerms(policy, '*')).toEqual([
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Allow-Headers', 'content-type'],
      ['Access-Control-Max-Age', '600'],
    ]);
  });

  it('are made anew for each response', () => {
    const policy = compilePolicy({ origin: [A] });
    const first = actualResponse(policy, approved(A));
    expect(actualResponse(policy, approved(A)).headers).not.toBe(first.headers);
  });
});

describe('The terms of a preflight', () => {
  it('are everything but the methods', () => {
    const policy = compilePolicy({
      origin: [A],
      credentials: true,
      exposedHeaders: ['x-b'],
      allowedHeaders: ['Content-Type', 'x-a'],
      maxAge: 86_400,
    });
    expect(preflightTerms(policy, A)).toEqual([
      ['Access-Control-Allow-Origin', A],
      ['Access-Control-Allow-Credentials', 'true'],
      ['Access-Control-Allow-Headers', 'Content-Type, x-a'],
      ['Access-Control-Max-Age', '86400'],
    ]);
  });

  it('leave out a list of headers that is empty', () => {
    expect(preflightTerms(compilePolicy({ origin: [A], allowedHeaders: [], maxAge: 0 }), A)).toEqual([
      ['Access-Control-Allow-Origin', A],
      ['Access-Control-Max-Age', '0'],
    ]);
  });

  it('take the max-age that they are given', () => {
    expect(preflightTerms(compilePolicy({ origin: '*', allowedHeaders: '*' }), '*', 7)).toEqual([
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Allow-Headers', '*'],
      ['Access-Control-Max-Age', '7'],
    ]);
  });
});

describe('The refusal of a preflight', () => {
  it('has no Access-Control header, and varies by all that a preflight is judged by', () => {
    expect(REFUSED_PREFLIGHT).toEqual({
      headers: [],
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    });
  });

  it('is shared, and so cannot be changed', () => {
    const shared = [REFUSED_PREFLIGHT, REFUSED_PREFLIGHT.headers, REFUSED_PREFLIGHT.vary, PREFLIGHT_VARY];
    expect(shared.map(part => Object.isFrozen(part))).toEqual([true, true, true, true]);
  });
});
