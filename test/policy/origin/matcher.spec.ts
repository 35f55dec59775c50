import { compileOrigins, type OriginMatcher } from '../../../lib/policy/origin/matcher.js';
import { isOriginProblem, parseOriginPattern } from '../../../lib/policy/origin/pattern.js';

function matcherOf(texts: readonly string[]): OriginMatcher {
  return compileOrigins(
    texts.map(text => {
      const pattern = parseOriginPattern(text);
      if (isOriginProblem(pattern)) throw new Error(`${text}: ${pattern.code}`);
      return pattern;
    }),
  );
}

/** Which of the origins match. */
function matching(matches: OriginMatcher, origins: readonly string[]): readonly string[] {
  return origins.filter(origin => matches(origin));
}

const LABEL_63 = 'a'.repeat(63);

describe('compileOrigins', () => {
  it('matches an exact origin and nothing near it', () => {
    const near = [
      'https://example.com',
      'http://example.com',
      'https://example.com:8443',
      'https://example.com:443',
      'https://www.example.com',
      'https://example.com.evil.com',
      'https://evilexample.com',
      'https://EXAMPLE.com',
      'https://example.com/',
      'https://example.com ',
      ' https://example.com',
      'https://example.com\n',
      'https://example.co',
      '',
      '*',
      'null',
    ];
    expect(matching(matcherOf(['https://example.com']), near)).toEqual(['https://example.com']);
  });

  it('matches nothing with an empty list', () => {
    expect(matching(compileOrigins([]), ['https://example.com', '', 'null', '*', 'undefined'])).toEqual([]);
  });

  it('matches one or more labels under a subdomain pattern, never the apex', () => {
    const origins = [
      'https://a.example.com',
      'https://a.b.c.example.com',
      'https://a_b.example.com',
      'https://-.example.com',
      `https://${LABEL_63}.example.com`,
      'https://example.com',
      'https://.example.com',
      'https://a..example.com',
      'https://aexample.com',
      'https://a.example.com.',
      'https://a.example.com.evil.com',
      'https://a.example.com:8443',
      'http://a.example.com',
      `https://${LABEL_63}a.example.com`,
      'https://*.example.com',
    ];
    expect(matching(matcherOf(['https://*.example.com']), origins)).toEqual(origins.slice(0, 5));
  });

  it('matches any port of a port pattern, none included, and only in the canonical form', () => {
    const origins = [
      'http://localhost',
      'http://localhost:1',
      'http://localhost:443',
      'http://localhost:65535',
      'http://localhost:80',
      'http://localhost:0',
      'http://localhost:03000',
      'http://localhost:65536',
      'http://localhost:',
      'http://localhost:*',
      'http://a.localhost:3000',
      'https://localhost:3000',
    ];
    expect(matching(matcherOf(['http://localhost:*']), origins)).toEqual(origins.slice(0, 4));
  });

  it('matches any port of an address', () => {
    const matches = matcherOf(['http://[::1]:*', 'http://127.0.0.1:*']);
    const origins = ['http://[::1]', 'http://[::1]:3000', 'http://127.0.0.1:3000'];
    const others = ['http://[::2]:3000', 'http://[0:0::1]:3000', 'http://[::1]:080', 'http://127.0.0.2:3000'];
    expect(matching(matches, [...origins, ...others])).toEqual(origins);
  });

  it('matches the port of a subdomain pattern alone', () => {
    const origins = ['https://a.example.com:8443', 'https://a.example.com', 'https://a.example.com:8444'];
    expect(matching(matcherOf(['https://*.example.com:8443']), origins)).toEqual(['https://a.example.com:8443']);
  });

  it('matches subdomains on any port', () => {
    const origins = ['https://a.example.com', 'https://a.example.com:8443', 'https://example.com:8443'];
    expect(matching(matcherOf(['https://*.example.com:*']), origins)).toEqual(origins.slice(0, 2));
  });

  it('does not mix the scheme, host and port of several entries', () => {
    const matches = matcherOf([
      'https://a.example:8443',
      'http://b.example',
      'https://*.c.example:8443',
      'http://*.d.example',
      'https://e.example:*',
    ]);
    const crossed = [
      'https://b.example',
      'http://a.example:8443',
      'http://b.example:8443',
      'https://x.c.example',
      'http://x.c.example:8443',
      'https://x.d.example',
      'http://x.d.example:8443',
      'http://e.example',
      'https://x.e.example',
      'https://c.example:8443',
    ];
    const right = ['https://a.example:8443', 'http://b.example', 'https://x.c.example:8443', 'http://x.d.example'];
    expect(matching(matches, [...crossed, ...right])).toEqual(right);
  });

  it('looks at every depth that a pattern has', () => {
    const matches = matcherOf(['https://*.localhost', 'https://*.x.y.z.example.com', 'https://*.org.example']);
    const origins = [
      'https://a.localhost',
      'https://a.b.c.d.localhost',
      'https://a.x.y.z.example.com',
      'https://a.b.x.y.z.example.com',
      'https://a.org.example',
      'https://x.y.z.example.com',
      'https://y.z.example.com',
      'https://a.example.com',
      'https://org.example',
      'https://localhost',
    ];
    expect(matching(matches, origins)).toEqual(origins.slice(0, 5));
  });

  it('matches a host of 253 bytes under a pattern, and none of 254', () => {
    const matches = matcherOf(['https://*.example.com']);
    const filler = [LABEL_63, LABEL_63, LABEL_63].join('.');
    const host = `${filler}.${'b'.repeat(49)}.example.com`;
    expect(host).toHaveLength(253);
    expect([matches(`https://${host}`), matches(`https://${host.replace('b', 'bb')}`)]).toEqual([true, false]);
  });

  it('refuses at once what is longer than any origin', () => {
    const matches = matcherOf(['https://*.example.com', 'http://localhost:*']);
    expect(matches(`https://${'a.'.repeat(5_000_000)}example.com`)).toBe(false);
    expect(matches(`http://localhost:${'9'.repeat(5_000_000)}`)).toBe(false);
  });

  it('matches exact origins of other schemes', () => {
    const matches = matcherOf(['capacitor://localhost', 'chrome-extension://abcdef']);
    const origins = [
      'capacitor://localhost',
      'chrome-extension://abcdef',
      'http://localhost',
      'chrome-extension://abc',
    ];
    expect(matching(matches, origins)).toEqual(origins.slice(0, 2));
  });

  it.each(['__proto__', 'constructor', 'toString', 'length', 'has', 'undefined'])('does not match %s', name => {
    expect(matcherOf(['https://example.com', 'https://*.example.com'])(name)).toBe(false);
  });

  it('compiles 100,000 exact origins and 100,000 patterns, and matches each', () => {
    const exact = Array.from({ length: 100_000 }, (_, index) => `https://tenant-${String(index)}.example.com`);
    const patterns = Array.from({ length: 100_000 }, (_, index) => `https://*.zone-${String(index)}.example.net:*`);
    const matches = matcherOf([...exact, ...patterns]);
    const instances = patterns.map((text, index) =>
      text.replace('*', 'a.b').replace('*', String(1000 + (index % 60_000))),
    );

    expect(exact.every(origin => matches(origin))).toBe(true);
    expect(instances.every(origin => matches(origin))).toBe(true);
    expect(
      matching(matches, [
        'https://tenant-100000.example.com',
        'https://tenant-1.example.com:8443',
        'https://a.zone-100000.example.net',
        'https://zone-1.example.net',
      ]),
    ).toEqual([]);
  });
});
