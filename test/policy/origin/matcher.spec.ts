import { jest } from '@jest/globals';
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

  describe.each([
    ['https://app-*.example.com', ['app-1', 'app-a-b', 'app-_', 'app--', `app-${'x'.repeat(59)}`]],
    [
      'https://*-preview.example.com',
      ['1-preview', 'a-b-preview', '_-preview', '--preview', `${'x'.repeat(55)}-preview`],
    ],
    ['https://shop-*-acme.example.com', ['shop-1-acme', 'shop-a-b-acme', 'shop-_-acme', `shop-${'x'.repeat(53)}-acme`]],
  ])('for %s', (pattern, labels) => {
    const [before = '', after = ''] = pattern.slice('https://'.length, pattern.indexOf('.')).split('*');
    const own = `${before}x${after}`;

    it('matches one label that begins and ends like that', () => {
      const origins = labels.map(label => `https://${label}.example.com`);
      expect(matching(matcherOf([pattern]), origins)).toEqual(origins);
    });

    it('matches none of 40 look-alikes', () => {
      const lookAlikes = [
        // Nothing, a dot, or what is no character of a host in place of `*`.
        ...[
          '',
          '.',
          'a.b',
          'x.',
          '.x',
          '*',
          '%41',
          'A',
          'é',
          'x\u0000',
          ' ',
          'x\t',
          '@',
          'x@y',
          '/',
          '\\',
          '#',
          '?',
          ':',
        ].map(part => `https://${before}${part}${after}.example.com`),
        // Another beginning, end, length or case of the label.
        ...[`x${before}x${after}y`, `${before.toUpperCase()}x${after.toUpperCase()}`, `${before}${after}`],
        ...[
          `${before}${'x'.repeat(64 - before.length - after.length)}${after}`,
          `a.${own}`,
          `${own}.a`,
          'x',
          'preview',
        ],
      ]
        .map(text => (text.startsWith('https:') ? text : `https://${text}.example.com`))
        .concat(
          // Another scheme, host or port.
          `http://${own}.example.com`,
          `wss://${own}.example.com`,
          `HTTPS://${own}.example.com`,
          `https://${own}.example.com:8443`,
          `https://${own}.example.com:443`,
          `https://${own}.example.com.`,
          `https://${own}.example.com/`,
          `https://${own}.example.com.evil.net`,
          `https://${own}.evil.net`,
          `https://${own}.evilexample.com`,
          `https://${own}example.com`,
          `https://${own}.a.example.com`,
          `https://${own}.com`,
          `https://${own}`,
          `https://user@${own}.example.com`,
          `https://evil.net/${own}.example.com`,
          `https://${own}.example.com, https://evil.net`,
          'https://example.com',
          'https://.example.com',
          pattern,
        );
      expect(new Set(lookAlikes).size).toBeGreaterThanOrEqual(40);
      expect(matching(matcherOf([pattern]), lookAlikes)).toEqual([]);
    });
  });

  it('looks among all beginnings and ends that one host has', () => {
    const matches = matcherOf(
      ['a*', 'ab*', 'ab*b', 'ab*cb', '*z', '*yz', 'q*z', 'aa*aa'].map(label => `https://${label}.example.com`),
    );
    const labelsOf = (origins: readonly string[]) => origins.map(label => `https://${label}.example.com`);
    const right = labelsOf(['ax', 'ab', 'abb', 'az', 'xz', 'yz', 'qz', 'qxz', 'aaaa']);
    expect(matching(matches, [...right, ...labelsOf(['a', 'b', 'z', 'xa', 'q', 'zq'])])).toEqual(right);
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

  it('looks up as often in a long list of all kinds as in a short one', () => {
    const entries = (count: number) =>
      Array.from({ length: count }, (_, index) => {
        const id = String(index).padStart(6, '0');
        return [
          `https://tenant-${id}.example.com`,
          `https://*.zone-${id}.example.net`,
          `https://app-${id}-*.example.org`,
          `https://*-${id}.example.org`,
          `https://a*.site-${id}.example.org:8443`,
        ];
      }).flat();
    const lookUps = (count: number, origin: string) => {
      const matches = matcherOf(entries(count));
      const asked = [jest.spyOn(Set.prototype, 'has'), jest.spyOn(Map.prototype, 'get')];
      try {
        matches(origin);
        return asked.reduce((sum, each) => sum + each.mock.calls.length, 0);
      } finally {
        for (const each of asked) each.mockRestore();
      }
    };
    for (const origin of [
      'https://app-000007-x.example.org',
      'https://x-000008.example.org',
      'https://near.example.org',
    ]) {
      expect(matcherOf(entries(10))(origin)).toBe(!origin.includes('near'));
      expect(lookUps(20_000, origin)).toBe(lookUps(10, origin));
    }
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
