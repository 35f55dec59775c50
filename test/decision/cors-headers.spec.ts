import { headersInDoubt, preflightHeaders, REFUSED_PREFLIGHT } from '../../lib/decision/cors-headers.js';
import { compilePolicy } from '../support/policy.js';
import { sent } from '../support/decision.js';

const A = 'https://a.example';

describe('The headers of an actual response', () => {
  it('are the origin and Vary with a list', () => {
    const { allowed } = compilePolicy({ origin: [A] });
    expect(sent(allowed, A)).toEqual({ headers: [['Access-Control-Allow-Origin', A]], vary: ['Origin'] });
  });

  it('are credentials and exposed headers where the policy has them, and nothing of a preflight', () => {
    const { allowed } = compilePolicy({
      origin: [A],
      credentials: true,
      exposedHeaders: ['X-Total-Count', 'link'],
      allowedHeaders: ['x-a'],
      methods: ['GET'],
      maxAge: 5,
    });
    expect(sent(allowed, A)).toEqual({
      headers: [
        ['Access-Control-Allow-Origin', A],
        ['Access-Control-Allow-Credentials', 'true'],
        ['Access-Control-Expose-Headers', 'X-Total-Count, link'],
      ],
      vary: ['Origin'],
    });
  });

  it("are the literal asterisk without Vary with '*', whatever the origin", () => {
    const { allowed } = compilePolicy({ origin: '*', exposedHeaders: '*' });
    for (const origin of [A, undefined]) {
      expect(sent(allowed, origin)).toEqual({
        headers: [
          ['Access-Control-Allow-Origin', '*'],
          ['Access-Control-Expose-Headers', '*'],
        ],
        vary: [],
      });
    }
  });

  it.each([
    ['a list', { origin: [A], credentials: true, exposedHeaders: ['x-a'] }, ['Origin']],
    ["'*'", { origin: '*', methods: ['GET'] }, []],
    ['false', { origin: false }, []],
    ['false that rejects', { origin: false, rejectDisallowed: true }, ['Origin']],
  ])('are none for a refusal, but for the Vary of the policy: origin %s', (_, options, vary) => {
    expect(sent(compilePolicy(options).refused, A)).toEqual({ headers: [], vary });
  });

  it('are shared by all responses, and so cannot be changed', () => {
    // Not their lists, which take twice as long to read then: their types alone keep those.
    const { allowed, refused } = compilePolicy({ origin: [A], credentials: true });
    const shared = [allowed, refused, REFUSED_PREFLIGHT];
    expect(shared.map(part => Object.isFrozen(part))).toEqual(shared.map(() => true));
  });
});

describe('The answer to a preflight', () => {
  it('has the whole policy, the methods and the max-age', () => {
    const policy = compilePolicy({
      origin: [A],
      credentials: true,
      exposedHeaders: ['x-b'],
      allowedHeaders: ['Content-Type', 'x-a'],
    });
    expect(sent(preflightHeaders(policy, 86_400, 'GET, PUT'), A)).toEqual({
      headers: [
        ['Access-Control-Allow-Origin', A],
        ['Access-Control-Allow-Credentials', 'true'],
        ['Access-Control-Allow-Headers', 'Content-Type, x-a'],
        ['Access-Control-Max-Age', '86400'],
        ['Access-Control-Allow-Methods', 'GET, PUT'],
      ],
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    });
  });

  it('leaves out a list of headers that is empty', () => {
    const policy = compilePolicy({ origin: [A], allowedHeaders: [] });
    expect(sent(preflightHeaders(policy, 0, 'GET'), A).headers).toEqual([
      ['Access-Control-Allow-Origin', A],
      ['Access-Control-Max-Age', '0'],
      ['Access-Control-Allow-Methods', 'GET'],
    ]);
  });

  it("says '*' where the policy does", () => {
    const policy = compilePolicy({ origin: '*', allowedHeaders: '*' });
    expect(sent(preflightHeaders(policy, 7, 'GET'), A).headers).toEqual([
      ['Access-Control-Allow-Origin', '*'],
      ['Access-Control-Allow-Headers', '*, authorization'],
      ['Access-Control-Max-Age', '7'],
      ['Access-Control-Allow-Methods', 'GET'],
    ]);
  });
});

describe('The refusal of a preflight', () => {
  it('has no Access-Control header, and varies by all that a preflight is judged by', () => {
    expect(sent(REFUSED_PREFLIGHT, A)).toEqual({
      headers: [],
      vary: ['Origin', 'Access-Control-Request-Method', 'Access-Control-Request-Headers'],
    });
  });
});

describe('The headers of a response whose policy is in doubt', () => {
  it('are no wider than those of any policy that may be meant', () => {
    const open = compilePolicy({ origin: [A], resourcePolicy: 'cross-origin' });
    const closed = compilePolicy({ origin: [A], resourcePolicy: 'same-site', timing: true });
    const { allowOrigin, vary, companions } = headersInDoubt([open, closed]);
    expect([allowOrigin, vary, companions]).toEqual([
      undefined,
      'Origin',
      { resourcePolicy: 'same-site', timing: true },
    ]);
  });

  it('know what applies to others', () => {
    const others = compilePolicy({ origin: '*', resourcePolicy: 'same-origin' });
    const policy = { ...compilePolicy({ origin: [A], resourcePolicy: 'cross-origin' }), others };
    expect(headersInDoubt([policy]).companions).toEqual({ resourcePolicy: 'same-origin', timing: false });
  });
});
