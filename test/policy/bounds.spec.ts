import { add } from '../../lib/policy/add.js';
import { readBounds, reportExcess, type Bounds } from '../../lib/policy/bounds.js';
import { isError, problem, withoutResolver, type Problem } from '../../lib/issues/problem.js';
import { mergeLevels, type Level } from '../../lib/policy/merge.js';
import { INVALID } from '../../lib/policy/fields.js';
import { readPolicy } from '../../lib/policy/read.js';
import { read } from '../support/policy.js';

const A = 'https://a.example';
const B = 'https://b.example';

function boundsOf(value: unknown): Bounds {
  const { result, problems } = read(readBounds, value);
  expect(problems).toEqual([]);
  if (result === undefined) throw new Error('No bounds');
  return result;
}

/** What one level states beyond the bounds: the code, the path and the value of each problem. */
function excessOf(policy: unknown, bounds: unknown, served: readonly string[] = ['GET']): readonly unknown[] {
  const level: Level = {
    source: 'module',
    options: readPolicy(policy, ({ code }) => {
      if (isError(code)) throw new Error(`The policy of a test is in error: ${code}`);
    }),
  };
  const found: unknown[] = [];
  const merged = mergeLevels([level], () => {});
  reportExcess(merged, boundsOf(bounds), served, (at, { code, path, value }) => {
    found.push([at?.source ?? 'default', code, path, value]);
  });
  return found;
}

describe('readBounds', () => {
  it('reads bounds that are left out as none, and empty ones as those that bound nothing', () => {
    expect(readBounds(undefined, () => {})).toBeUndefined();
    expect(readBounds(INVALID, () => {})).toBeUndefined();
    const { resolvable, ...rest } = boundsOf({});
    expect(rest).toEqual({ anyOrigin: true, resolvers: true, credentials: true });
    expect(resolvable(A)).toBe(true);
  });

  it('reads each option', () => {
    const { strayOrigins, resolvable, ...rest } = boundsOf({
      origin: [A, 'https://*.example.com'],
      anyOrigin: true,
      resolvers: false,
      credentials: false,
      methods: ['PUT', 'GET'],
      allowedHeaders: ['X-Token'],
      exposedHeaders: 'X-Total, x-page',
      maxAge: 0,
    });
    expect(strayOrigins).toBeDefined();
    expect([A, 'https://x.example.com', B, 'https://example.com'].map(resolvable)).toEqual([true, true, false, false]);
    expect(rest).toEqual({
      anyOrigin: true,
      resolvers: false,
      credentials: false,
      methods: new Set(['PUT', 'GET', 'HEAD']),
      allowedHeaders: new Set(['x-token']),
      exposedHeaders: new Set(['x-total', 'x-page']),
      maxAge: 0,
    });
  });

  it.each([
    [{ origin: [A] }, false],
    [{ origin: A }, false],
    [{ origin: [A], anyOrigin: true }, true],
    [{ origin: '*' }, true],
    [{ origin: '*', anyOrigin: false }, false],
    [{ anyOrigin: false }, false],
    [{}, true],
  ])('permits any origin where no origins are listed, unless it is set: %j, %j', (bounds, expected) => {
    expect(boundsOf(bounds).anyOrigin).toBe(expected);
  });

  it("takes '*' and an empty list of headers: the one bounds nothing, the other all", () => {
    const { allowedHeaders, exposedHeaders } = boundsOf({ allowedHeaders: '*', exposedHeaders: [] });
    expect([allowedHeaders, exposedHeaders]).toEqual([undefined, new Set()]);
  });

  it('includes HEAD in GET, and in nothing else', () => {
    expect(boundsOf({ methods: 'GET' }).methods).toEqual(new Set(['GET', 'HEAD']));
    expect(boundsOf({ methods: ['POST'] }).methods).toEqual(new Set(['POST']));
    expect(boundsOf({ methods: ['HEAD'] }).methods).toEqual(new Set(['HEAD']));
  });

  it('warns of nothing: what is questionable in a policy is a plain limit here', () => {
    boundsOf({
      origin: [A, A, 'https://*.example.com', 'https://x.example.com', 'http://c.example:*'],
      methods: ['GET', 'GET', 'OPTIONS'],
      allowedHeaders: ['x-http-method-override', 'x-forwarded-for'],
      exposedHeaders: ['location', 'authorization'],
    });
    boundsOf({ allowedHeaders: '*', exposedHeaders: '*' });
  });

  it.each<[unknown]>([
    [[]],
    ['*'],
    [true],
    [7],
    [() => {}],
    [new Map()],
    [new Set([A])],
    [Promise.resolve({ origin: A })],
    [new Date(0)],
    [add(A)],
  ])('refuses %p in place of bounds', value => {
    expect(read(readBounds, value)).toEqual({
      result: undefined,
      problems: [problem('bounds_type', 'bounds', value)],
    });
  });

  const resolver = () => true;
  const adding = add('GET');
  it.each<[string, unknown, readonly Problem[]]>([
    ['origin', false, [problem('bounds_origin_type', 'bounds.origin', false)]],
    ['origin', resolver, [problem('bounds_origin_type', 'bounds.origin', resolver)]],
    ['origin', [A, resolver], [problem('bounds_origin_type', 'bounds.origin', [A, resolver])]],
    ['origin', adding, [problem('add_without_list', 'bounds.origin', adding)]],
    ['origin', [], [problem('origin_empty', 'bounds.origin', [])]],
    ['origin', '', [problem('origin_empty', 'bounds.origin', '')]],
    ['origin', true, [problem('origin_reflected', 'bounds.origin', true)]],
    ['origin', 7, [problem('origin_type', 'bounds.origin', 7)]],
    ['origin', /a/, [withoutResolver(problem('origin_regexp', 'bounds.origin', /a/))]],
    ['origin', [A, '*'], [problem('origin_any_in_list', 'bounds.origin[1]', '*')]],
    ['origin', ['null'], [problem('origin_null', 'bounds.origin[0]', 'null')]],
    ['origin', [`${A}/`], [problem('origin_path', 'bounds.origin[0]', `${A}/`, A)]],
    ['origin', [`${A}:443`], [problem('origin_not_canonical', 'bounds.origin[0]', `${A}:443`, A)]],
    ['origin', 'https://A.example', [problem('origin_not_canonical', 'bounds.origin', 'https://A.example', A)]],
    ['origin', undefined, [problem('option_undefined', 'bounds.origin', undefined)]],
    ['anyOrigin', 'true', [problem('boolean_type', 'bounds.anyOrigin', 'true', 'true')]],
    ['resolvers', null, [problem('option_null', 'bounds.resolvers', null)]],
    ['credentials', 0, [problem('boolean_type', 'bounds.credentials', 0, 'false')]],
    ['credentials', undefined, [problem('option_undefined', 'bounds.credentials', undefined)]],
    ['methods', [], [problem('methods_empty', 'bounds.methods', [])]],
    ['methods', '*', [problem('method_any', 'bounds.methods', '*')]],
    ['methods', ['get'], [problem('method_case', 'bounds.methods[0]', 'get', 'GET')]],
    ['methods', adding, [problem('add_without_list', 'bounds.methods', adding)]],
    ['methods', false, [problem('methods_type', 'bounds.methods', false)]],
    ['allowedHeaders', adding, [problem('add_without_list', 'bounds.allowedHeaders', adding)]],
    ['allowedHeaders', ['x y'], [problem('header_invalid', 'bounds.allowedHeaders[0]', 'x y', "'x-y'")]],
    [
      'allowedHeaders',
      false,
      [problem('headers_type', 'bounds.allowedHeaders', false, "['content-type', 'x-csrf-token']")],
    ],
    ['exposedHeaders', adding, [problem('add_without_list', 'bounds.exposedHeaders', adding)]],
    ['exposedHeaders', 7, [problem('headers_type', 'bounds.exposedHeaders', 7, "['x-total-count']")]],
    ['maxAge', -1, [problem('max_age', 'bounds.maxAge', -1, '0')]],
    ['maxAge', '600', [problem('max_age', 'bounds.maxAge', '600', '600')]],
    ['maxAge', 86_401, [problem('max_age', 'bounds.maxAge', 86_401, '86400')]],
    ['origins', [A], [problem('option_unknown', 'bounds.origins', 'origins', 'origin')]],
    ['allowPrivateNetwork', true, [problem('private_network', 'bounds.allowPrivateNetwork', 'allowPrivateNetwork')]],
    ['policies', {}, [problem('option_unknown', 'bounds.policies', 'policies')]],
  ])('refuses bounds.%s: %p', (key, value, expected) => {
    expect(read(readBounds, { [key]: value }).problems).toEqual(expected);
  });

  it('reports a getter that throws', () => {
    const bounds = {
      get methods() {
        throw new Error('no methods');
      },
    };
    expect(read(readBounds, bounds).problems).toEqual([problem('options_unreadable', 'bounds.methods', 'no methods')]);
  });
});

describe('reportExcess', () => {
  it('finds nothing where nothing is bounded, and nothing to bound without cross-origin access', () => {
    const wide = { origin: [A], credentials: true, methods: ['DELETE'], allowedHeaders: ['x-a'], maxAge: 86_400 };
    expect(excessOf(wide, {})).toEqual([]);
    expect(excessOf({ origin: '*', allowedHeaders: '*', exposedHeaders: '*' }, {})).toEqual([]);
    const narrow = {
      origin: [B],
      resolvers: false,
      credentials: false,
      methods: ['GET'],
      allowedHeaders: [],
      exposedHeaders: [],
      maxAge: 0,
    };
    expect(excessOf({ ...wide, origin: false }, narrow, ['PUT'])).toEqual([]);
  });

  it.each<[entry: string, bound: string, contained: boolean]>([
    ['https://x.example.com', 'https://x.example.com', true],
    ['https://x.example.com', 'https://*.example.com', true],
    ['https://x.y.example.com', 'https://*.example.com', true],
    ['https://example.com', 'https://*.example.com', false],
    ['https://xexample.com', 'https://*.example.com', false],
    ['https://*.example.com', 'https://*.example.com', true],
    ['https://*.a.example.com', 'https://*.example.com', true],
    ['https://*.b.a.example.com', 'https://*.example.com', true],
    ['https://*.example.com', 'https://*.a.example.com', false],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://a.example.com', false],
    ['https://*.xexample.com', 'https://*.example.com', false],
    ['http://x.example.com', 'https://*.example.com', false],
    ['https://x.example.com', 'http://*.example.com', false],
    ['https://x.example.com:8443', 'https://*.example.com', false],
    ['https://x.example.com', 'https://*.example.com:8443', false],
    ['https://x.example.com:8443', 'https://*.example.com:8443', true],
    ['https://x.example.com:8443', 'https://*.example.com:*', true],
    ['https://x.example.com', 'https://*.example.com:*', true],
    ['https://x.example.com:*', 'https://*.example.com:*', true],
    ['https://x.example.com:*', 'https://*.example.com', false],
    ['https://x.example.com:*', 'https://*.example.com:8443', false],
    ['https://x.example.com:*', 'https://x.example.com', false],
    ['https://*.a.example.com:*', 'https://*.example.com:*', true],
    ['https://*.example.com:8443', 'https://*.example.com:*', true],
    ['https://*.example.com:*', 'https://*.example.com', false],
    ['https://example.com:*', 'https://*.example.com:*', false],
    ['https://example.com', 'https://example.com:*', true],
    ['https://example.com:8443', 'https://example.com:*', true],
    ['https://x.example.com', 'https://example.com:*', false],
    ['https://*.example.com', 'https://example.com:*', false],
    ['https://[::1]:3000', 'https://[::1]:*', true],
    ['https://127.0.0.1', 'https://127.0.0.1:*', true],
    ['capacitor://localhost', 'capacitor://localhost', true],
    ['capacitor://localhost', 'https://localhost', false],
  ])('%s within %s: %s', (entry, bound, contained) => {
    const stray = ['module', 'bounds_origin', 'origin[0]', entry];
    expect(excessOf({ origin: [entry] }, { origin: [bound] })).toEqual(contained ? [] : [stray]);
    // Also among others.
    const others = { origin: ['https://other.test', 'https://*.other.test:*'] };
    expect(excessOf({ origin: [entry] }, { origin: [...others.origin, bound] })).toEqual(contained ? [] : [stray]);
  });

  it('names each origin that strays at its place, and no resolver', () => {
    const origin = [B, A, () => true, 'https://c.example'];
    expect(excessOf({ origin }, { origin: [A] })).toEqual([
      ['module', 'bounds_origin', 'origin[0]', B],
      ['module', 'bounds_origin', 'origin[3]', 'https://c.example'],
    ]);
    expect(excessOf({ origin }, { origin: '*' })).toEqual([]);
  });

  it('compares a list that many routes inherit once', () => {
    const { strayOrigins } = boundsOf({ origin: [A] });
    const { origin } = readPolicy({ origin: [A, B] }, () => {});
    const items = typeof origin === 'object' ? origin.items : [];
    expect(strayOrigins?.(items)).toEqual([1]);
    expect(strayOrigins?.(items)).toBe(strayOrigins?.(items));
  });

  it("permits '*' where any origin is permitted", () => {
    const star = ['module', 'bounds_any_origin', 'origin', '*'];
    expect(excessOf({ origin: '*' }, { origin: [A] })).toEqual([star]);
    expect(excessOf({ origin: '*' }, { anyOrigin: false })).toEqual([star]);
    expect(excessOf({ origin: '*' }, { origin: [A], anyOrigin: true })).toEqual([]);
    expect(excessOf({ origin: '*' }, { origin: '*' })).toEqual([]);
    // A list is bounded all the same.
    expect(excessOf({ origin: [B] }, { origin: [A], anyOrigin: true })).toHaveLength(1);
  });

  it('permits resolvers, alone and in lists, unless it says otherwise', () => {
    const resolver = () => true;
    const found = ['module', 'bounds_resolver', 'origin', resolver];
    for (const origin of [resolver, [A, resolver]]) {
      expect(excessOf({ origin }, { resolvers: false })).toEqual([found]);
      expect(excessOf({ origin }, { resolvers: true, origin: [A] })).toEqual([]);
    }
    expect(excessOf({ origin: A }, { resolvers: false })).toEqual([]);
  });

  it('bounds credentials', () => {
    const found = ['module', 'bounds_credentials', 'credentials', true];
    expect(excessOf({ origin: A, credentials: true }, { credentials: false })).toEqual([found]);
    expect(excessOf({ origin: A, credentials: true }, { credentials: true })).toEqual([]);
    expect(excessOf({ origin: A, credentials: false }, { credentials: false })).toEqual([]);
    expect(excessOf({ origin: A }, { credentials: false })).toEqual([]);
  });

  it('bounds the methods that are set, and where none are those that are served', () => {
    const bounds = { methods: ['GET', 'POST'] };
    expect(excessOf({ origin: A, methods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] }, bounds, ['PATCH'])).toEqual([
      ['module', 'bounds_method', 'methods', 'PUT'],
      ['module', 'bounds_method', 'methods', 'DELETE'],
    ]);
    expect(excessOf({ origin: A }, bounds, ['GET', 'PATCH'])).toEqual([
      ['default', 'bounds_method', 'methods', 'PATCH'],
    ]);
    expect(excessOf({ origin: A }, bounds, [])).toEqual([]);
    expect(excessOf({ origin: A }, {}, ['PATCH'])).toEqual([]);
  });

  it.each([
    ['allowedHeaders', 'X-Token', 'x-other'],
    ['exposedHeaders', 'X-Total', 'x-page'],
  ])('bounds %s without regard to case', (option, within, beyond) => {
    const bounds = { [option]: [within, 'content-type'] };
    expect(excessOf({ origin: A, [option]: [within.toUpperCase()] }, bounds)).toEqual([]);
    expect(excessOf({ origin: A, [option]: [within, beyond] }, bounds)).toEqual([
      ['module', 'bounds_header', option, beyond],
    ]);
    expect(excessOf({ origin: A, [option]: '*' }, bounds)).toEqual([['module', 'bounds_header', option, '*']]);
    expect(excessOf({ origin: A, [option]: '*' }, { [option]: '*' })).toEqual([]);
    expect(excessOf({ origin: A, [option]: [beyond] }, { [option]: '*' })).toEqual([]);
    expect(excessOf({ origin: A, [option]: [] }, { [option]: [] })).toEqual([]);
  });

  it('lets the default headers pass: they are cut when the policy is compiled', () => {
    expect(excessOf({ origin: A }, { allowedHeaders: ['x-token'] })).toEqual([]);
    expect(excessOf({ origin: A, allowedHeaders: add('x-other') }, { allowedHeaders: ['x-token'] })).toEqual([
      ['module', 'bounds_header', 'allowedHeaders', 'x-other'],
    ]);
    expect(excessOf({ origin: A, allowedHeaders: [] }, { allowedHeaders: ['x-token'] })).toEqual([]);
  });

  it('bounds a max-age that is set; the default keeps within', () => {
    expect(excessOf({ origin: A, maxAge: 61 }, { maxAge: 60 })).toEqual([['module', 'bounds_max_age', 'maxAge', 61]]);
    expect(excessOf({ origin: A, maxAge: 60 }, { maxAge: 60 })).toEqual([]);
    expect(excessOf({ origin: A, maxAge: 1 }, { maxAge: 0 })).toEqual([['module', 'bounds_max_age', 'maxAge', 1]]);
    expect(excessOf({ origin: A, maxAge: 61 }, {})).toEqual([]);
    expect(excessOf({ origin: A }, { maxAge: 60 })).toEqual([]);
  });
});
