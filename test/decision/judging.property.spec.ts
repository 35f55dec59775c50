import fc from 'fast-check';
import type { Policy } from '../../lib/policy/compile.js';
import { headersOfActual, judgeActual, judgePreflight, type ResolverAnswer } from '../../lib/decision/reason.js';
import { judgeResource, refineVerdict, type AnswerOf } from '../../lib/decision/preflight.js';
import {
  createCandidate,
  createResource,
  methodIn,
  type Candidate,
  type PreflightVerdict,
  type Resource,
} from '../../lib/decision/resource.js';
import { corsRequestOf, isPreflight, type CorsRequest } from '../../lib/decision/request.js';
import { isFromElsewhere } from '../../lib/decision/same-origin.js';
import { mergeVary } from '../../lib/decision/vary.js';
import { allowsByTheBook } from '../support/origin-oracle.js';
import { compilePolicy } from '../support/policy.js';
import { runs } from '../support/property.js';
import { JUDGEMENTS, methodOf, sent, type RefusedReason } from '../support/decision.js';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const NAMES = ['content-type', 'authorization', 'x-a', 'x-b'];
const ORIGINS = ['https://a.example', 'https://b.example', 'https://x.example.com', 'http://localhost:3000', 'null'];

/** Its answers come from the properties. */
const RESOLVER = () => false;

const policyOptions = fc
  .record(
    {
      origin: fc.oneof(
        fc.constantFrom<unknown>('*', false, ['https://a.example']),
        fc.subarray(['https://a.example', 'https://*.example.com', 'http://localhost:*', RESOLVER], { minLength: 1 }),
      ),
      methods: fc.subarray(METHODS, { minLength: 3 }),
      allowedHeaders: fc.oneof(fc.subarray(NAMES), fc.constant('*')),
      exposedHeaders: fc.oneof(fc.subarray(NAMES), fc.constant('*')),
      credentials: fc.boolean(),
      maxAge: fc.constantFrom(0, 5, 600),
      optionsSuccessStatus: fc.constantFrom(200, 204),
    },
    { requiredKeys: ['origin'], noNullPrototype: true },
  )
  .filter(({ credentials, origin, allowedHeaders, exposedHeaders }) => {
    return credentials !== true || ![origin, allowedHeaders, exposedHeaders].includes('*');
  });
/** Made once: compiling is not what is tried here. */
const compiled = fc.sample(policyOptions, runs(150)).map(compilePolicy);
const policy = fc.constantFrom(...compiled);

const answer = fc.constantFrom<ResolverAnswer | undefined>('allowed', 'allowed', 'denied', 'failed', undefined);
/** What resolvers said: of each policy and method something else. */
const answers: fc.Arbitrary<AnswerOf> = fc
  .array(answer, { minLength: 7, maxLength: 7 })
  .map(
    list => (each, method, candidate, member) =>
      list[(compiled.indexOf(each) + method.length + 3 * candidate + member) % list.length],
  );

const junk = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a\r\nset-cookie: x', '\r\n', '\0', ', ', '*', ''),
);
/** Mostly one of the values, now and then anything, or nothing at all. */
const maybe = (...values: readonly string[]) =>
  fc.oneof(
    { arbitrary: fc.constantFrom(...values), weight: 10 },
    { arbitrary: junk, weight: 1 },
    { arbitrary: fc.constant(undefined), weight: 1 },
  );
const request: fc.Arbitrary<CorsRequest> = fc.record({
  method: fc.oneof(fc.constantFrom(...METHODS), junk),
  origin: maybe(...ORIGINS),
  requestMethod: maybe('GET', 'PUT', 'DELETE'),
  requestHeaders: maybe('', '', ...NAMES, 'X-A, x-b', 'x-a,x-b', 'content-type,, authorization'),
});

const candidateOf = ([first, ...others]: readonly Policy[]): Candidate => createCandidate([first as Policy, ...others]);

/** Methods share policies now and then: those of one resource are few. */
const resource: fc.Arbitrary<Resource> = fc.array(policy, { minLength: 1, maxLength: 4 }).chain(few =>
  fc
    .uniqueArray(
      fc.tuple(
        fc.constantFrom('GET', 'PUT', 'DELETE', 'OPTIONS'),
        // Candidates, and those that a request passes through on its way to one.
        fc.oneof(
          fc.constantFrom(...few).map(only => [[only]]),
          fc.array(fc.uniqueArray(fc.constantFrom(...few), { minLength: 1, maxLength: 3 }), {
            minLength: 1,
            maxLength: 3,
          }),
        ),
      ),
      { selector: ([method]) => method, minLength: 2 },
    )
    .map(entries =>
      createResource(entries.map(([method, chains]) => ({ method, candidates: chains.map(candidateOf) }))),
    ),
);

/** Whether one policy alone allows an origin: by its list, or else by its resolver, where the origin is one at all. */
function allowsOrigin({ values, resolver }: Policy, origin = '', said?: ResolverAnswer): boolean {
  if (values.origin === '*' || values.origin === false) return values.origin === '*';
  const isResolved = resolver !== undefined && said === 'allowed' && ORIGINS.includes(origin) && origin !== 'null';
  return allowsByTheBook(values.origin, origin) || isResolved;
}

/** Whether one policy alone allows a preflight, said plainly. */
function allows(
  each: Policy,
  { origin, requestMethod = '', requestHeaders = '' }: CorsRequest,
  said?: ResolverAnswer,
): boolean {
  const { values } = each;
  const names = requestHeaders
    .split(',')
    .map(name => name.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter(name => name !== '');
  const isOrigin = allowsOrigin(each, origin, said);
  const isMethod = METHODS.includes(requestMethod) && (values.methods?.includes(requestMethod) ?? true);
  const areNames = names.every(name => {
    const listed = values.allowedHeaders === '*' || values.allowedHeaders.includes(name.toLowerCase());
    return listed && /^[!#$%&'*+.^_`|~\w-]+$/.test(name);
  });
  const most = values.allowedHeaders === '*' ? 128 : values.allowedHeaders.length + 16;
  const isShort = requestHeaders.length <= 8192 && requestHeaders.split(',').length <= most;
  return isOrigin && isMethod && areNames && isShort;
}

/** Of handlers that one request passes through: without credentials before with, then the shortest list of headers. */
function narrowestOf(members: readonly Policy[]): Policy | undefined {
  const width = ({ credentials, allowedHeaders }: Policy) => (credentials ? 1000 : 0) + (allowedHeaders?.size ?? 999);
  const least = Math.min(...members.map(width));
  return members.find(each => width(each) === least);
}

/** What a preflight is answered, said plainly: each method is judged by itself. */
function answerTo(any: CorsRequest, { methods }: Resource, answerOf: AnswerOf) {
  const answerFor = (method: string) => {
    const { candidates } = methods.find(each => each.method === method) ?? { candidates: [] };
    const announced = { ...any, requestMethod: method };
    const candidate = candidates.findIndex(({ members }, index) =>
      members.every(
        (each, member) => judgePreflight(announced, each, answerOf(each, method, index, member)) === 'allowed',
      ),
    );
    const maxAge = Math.min(...candidates.flatMap(({ members }) => members.map(each => each.maxAge)));
    const decided = narrowestOf(candidates[candidate]?.members ?? []);
    if (decided === undefined) return undefined;
    const { origin, credentials, allowedHeaders } = decided.values;
    const cached = [origin === '*', credentials && origin !== '*', String(allowedHeaders), maxAge];
    return { candidate, status: decided.status, cached };
  };
  const requested = answerFor(any.requestMethod ?? '');
  if (requested === undefined) return { isAllowed: false, status: 403, candidate: 0, methods: '' };
  const same = ({ method }: { method: string }) =>
    JSON.stringify(answerFor(method)?.cached) === JSON.stringify(requested.cached);
  const { candidate, status } = requested;
  // What a resolver would say that was not asked is not known: an earlier candidate may be the one that allows it.
  const isOpen = ({ method, candidates }: Resource['methods'][number]) =>
    candidates
      .slice(0, answerFor(method)?.candidate)
      .some(({ members }, index) =>
        members.some(
          (each, member) =>
            answerOf(each, method, index, member) === undefined &&
            allowsOrigin(each, any.origin, 'allowed') &&
            !allowsOrigin(each, any.origin),
        ),
      );
  return {
    isAllowed: true,
    status,
    candidate,
    methods: methods
      .filter(each => {
        if (each.method === any.requestMethod) return true;
        const isSure = !isOpen(each) && !methods.some(other => other.method === any.requestMethod && isOpen(other));
        return same(each) && isSure;
      })
      .map(({ method }) => method)
      .join(', '),
  };
}

function headersOf({ headers }: PreflightVerdict, { origin }: CorsRequest): Record<string, string> {
  return Object.fromEntries(sent(headers, origin).headers);
}

describe('Judging a preflight', () => {
  it('allows it where one candidate allows it whole, and answers with the first of those', () => {
    const seen = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(request, resource, answers, (any, policies, answerOf) => {
        const method = any.requestMethod ?? '';
        const candidates = methodIn(policies, method)?.candidates ?? [];
        const expected = candidates.findIndex(({ members }, candidate) =>
          members.every((each, member) => allows(each, any, answerOf(each, method, candidate, member))),
        );
        const { reason, candidate } = judgeResource(any, policies, answerOf);
        seen[reason === 'allowed' ? 'allowed' : 'refused']++;
        expect(reason === 'allowed' ? candidate : -1).toBe(expected);
      }),
      runs(4000),
    );
    expect(seen.allowed).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });

  it('lists methods for which the same preflight is given the same answer', () => {
    let listed = 0;
    fc.assert(
      fc.property(request, resource, answers, (any, policies, answerOf) => {
        const verdict = judgeResource(any, policies, answerOf);
        if (verdict.reason !== 'allowed') return;
        const { 'Access-Control-Allow-Methods': methods = '', ...headers } = headersOf(verdict, any);
        for (const method of methods.split(', ')) {
          listed++;
          const { 'Access-Control-Allow-Methods': same, ...others } = headersOf(
            judgeResource({ ...any, requestMethod: method }, policies, answerOf),
            any,
          );
          expect([method, same, others]).toEqual([method, methods, headers]);
        }
        expect(methods.split(', ')).toContain(any.requestMethod);
      }),
      runs(4000),
    );
    expect(listed).toBeGreaterThan(125);
  });

  it('answers each of many preflights for one path as if it were the first', () => {
    const seen = { kept: 0, made: 0 };
    const asked = fc.array(fc.tuple(request, answers), { minLength: 8, maxLength: 16 });
    fc.assert(
      fc.property(resource, asked, (policies, requests) => {
        for (const [any, answerOf] of requests) {
          const verdict = judgeResource(any, policies, answerOf);
          const { headers, status, candidate } = verdict;
          const isAllowed = verdict.reason === 'allowed';
          const methods = headersOf(verdict, any)['Access-Control-Allow-Methods'] ?? '';
          expect({ isAllowed, status, candidate, methods }).toEqual(answerTo(any, policies, answerOf));
          const again = judgeResource(any, policies, answerOf);
          expect([again.reason, again.headers]).toEqual([verdict.reason, headers]);
          if (isAllowed) seen[again.headers === headers ? 'kept' : 'made']++;
        }
      }),
      runs(2000),
    );
    expect(seen.kept).toBeGreaterThan(125);
    expect(seen.made).toBeGreaterThan(125);
  });

  it('sends no Access-Control header with a refusal', () => {
    fc.assert(
      fc.property(request, resource, (any, policies) => {
        const { reason, status, headers } = judgeResource(any, policies);
        if (reason !== 'allowed') expect([status, sent(headers, any.origin).headers]).toEqual([403, []]);
      }),
      runs(1000),
    );
  });
});

describe('The reason of a judgement', () => {
  it('is that of the verdict, where one policy serves the method, and decides about the headers', () => {
    const seen = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(request, policy, answer, (any, each, said) => {
        const judgement = judgePreflight(any, each, said);
        const isAllowed = judgement === 'allowed';
        const alone = createResource([methodOf(any.requestMethod ?? '', [each])]);
        const { reason } = judgeResource(any, alone, () => said);
        // Nothing is served for no method at all.
        if (any.requestMethod === undefined) expect([reason, isAllowed]).toEqual(['method-not-routed', false]);
        else expect(reason).toBe(judgement);
        seen[isAllowed ? 'allowed' : 'refused']++;
        expect(headersOfActual(any, each, said)).toBe(
          judgeActual(any, each, said) === 'allowed' ? each.allowed : each.refused,
        );
      }),
      runs(4000),
    );
    expect(seen.allowed).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });

  it('is refined for every refusal, and only for one', () => {
    fc.assert(
      fc.property(request, resource, answers, (any, policies, answerOf) => {
        const verdict = judgeResource(any, policies, answerOf);
        const refined = refineVerdict(verdict, any);
        expect(refined === undefined).toBe(verdict.reason === 'allowed');
        if (refined === undefined) return;
        expect(refined.reason.length).toBeGreaterThan(0);
        // Of a method that nothing serves, what is wrong with it is said first.
        const isUnserved = refined.reason === 'method-malformed' && verdict.policy === undefined;
        // A resolver that nobody asked is not why.
        const isUnasked = verdict.policy?.resolver !== undefined && verdict.answer === undefined;
        if (!isUnserved && !isUnasked) expect(JUDGEMENTS[refined.reason as RefusedReason]).toBe(verdict.reason);
      }),
      runs(1000),
    );
  });
});

describe('Judging an actual request', () => {
  it('allows the listed origins with the stated methods, and nobody else', () => {
    const seen = { allowed: 0, refused: 0 };
    fc.assert(
      fc.property(request, policy, answer, (any, each, said) => {
        const { origin, methods } = each.values;
        const expected = allowsOrigin(each, any.origin, said) && (methods?.includes(any.method) ?? true);
        const isAllowed = judgeActual(any, each, said) === 'allowed';
        seen[isAllowed ? 'allowed' : 'refused']++;
        expect(isAllowed).toBe(expected);
        const { headers } = sent(headersOfActual(any, each, said), any.origin);
        const shared = headers.find(([name]) => name === 'Access-Control-Allow-Origin')?.[1];
        expect(shared).toBe(expected ? (origin === '*' ? '*' : any.origin) : undefined);
        if (!expected) expect(headers).toEqual([]);
      }),
      runs(4000),
    );
    expect(seen.allowed).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });
});

describe('Whatever a request holds', () => {
  const lines = fc.oneof(junk, fc.array(junk, { maxLength: 3 }));

  it('no header that is sent holds a control character, or is sent twice', () => {
    fc.assert(
      fc.property(request, policy, resource, (any, each, policies) => {
        for (const cors of [judgeResource(any, policies).headers, headersOfActual(any, each)]) {
          const { headers, vary } = sent(cors, any.origin);
          const texts = [...headers.flat(), ...vary];
          expect(texts.filter(text => !/^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(text))).toEqual([]);
          expect(new Set(headers.map(([name]) => name)).size).toBe(headers.length);
        }
      }),
      runs(4000),
    );
  });

  it('its headers are read, one or several of a kind', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('origin', 'access-control-request-method', 'vary'), lines), headers => {
        const read = corsRequestOf('OPTIONS', headers);
        expect(isPreflight(read)).toBe('origin' in headers && 'access-control-request-method' in headers);
      }),
      runs(1000),
    );
  });

  it('it is from another origin, or from the one it names', () => {
    fc.assert(
      fc.property(maybe(...ORIGINS), maybe('same-origin', 'none'), junk, junk, (origin, secFetchSite, scheme, host) => {
        const site = { method: 'GET', origin, secFetchSite, secFetchMode: undefined, secFetchStorageAccess: undefined };
        const own = host === '' ? undefined : `${scheme}://${host.toLowerCase()}`;
        expect(isFromElsewhere({ ...site, scheme, host }, undefined)).toBe(
          origin !== undefined && secFetchSite !== 'same-origin' && origin !== own,
        );
      }),
      runs(1000),
    );
  });
});

describe('Merging Vary', () => {
  const names = fc.uniqueArray(fc.constantFrom('Origin', 'Accept', 'Access-Control-Request-Method'), { maxLength: 3 });
  const present = fc.oneof(
    fc.constant(undefined),
    fc.array(fc.constantFrom('origin', 'Accept', 'cookie', '*', '', ' ', 'x-a')).map(each => each.join(',')),
    fc.array(fc.constantFrom('Origin', 'Accept, Cookie', '*', ',')),
    junk,
  );

  const elements = (value: string | readonly string[] | undefined): readonly string[] =>
    (typeof value === 'string' ? value : (value ?? []).join())
      .split(',')
      .map(name => name.trim().toLowerCase())
      .filter(name => name !== '');

  it('says everything once, what stood there first', () => {
    fc.assert(
      fc.property(present, names, (before, added) => {
        const merged = mergeVary(before, added.join(', '));
        if (elements(before).includes('*')) return expect(merged).toBeUndefined();
        const expected = [...new Set([...elements(before), ...elements(added)])];
        expect(elements(merged ?? before)).toEqual(expected);
      }),
      runs(4000),
    );
  });

  it('has nothing to change the second time', () => {
    fc.assert(
      fc.property(present, names, (before, added) => {
        const merged = mergeVary(before, added.join(', '));
        expect(mergeVary(merged ?? before, added.join(', '))).toBeUndefined();
      }),
      runs(2000),
    );
  });
});
