import { isAddress, isLoopback } from '../../../lib/policy/origin/hosts.js';
import { parseOriginPattern } from '../../../lib/policy/origin/pattern.js';

const LABEL_63 = 'a'.repeat(63);
const HOST_253 = [LABEL_63, LABEL_63, LABEL_63, 'b'.repeat(61)].join('.');

describe('parseOriginPattern', () => {
  it.each([
    ['https://example.com', { scheme: 'https', host: 'example.com', subdomains: false, port: '' }],
    ['https://example.com:8443', { scheme: 'https', host: 'example.com', subdomains: false, port: '8443' }],
    ['https://example.com:*', { scheme: 'https', host: 'example.com', subdomains: false, port: '*' }],
    ['https://*.example.com', { scheme: 'https', host: 'example.com', subdomains: true, port: '' }],
    ['https://*.example.com:8443', { scheme: 'https', host: 'example.com', subdomains: true, port: '8443' }],
    ['https://*.example.com:*', { scheme: 'https', host: 'example.com', subdomains: true, port: '*' }],
    ['https://*.com', { scheme: 'https', host: 'com', subdomains: true, port: '' }],
    ['http://localhost:*', { scheme: 'http', host: 'localhost', subdomains: false, port: '*' }],
    ['http://*.localhost:*', { scheme: 'http', host: 'localhost', subdomains: true, port: '*' }],
    ['http://127.0.0.1:*', { scheme: 'http', host: '127.0.0.1', subdomains: false, port: '*' }],
    ['http://[::1]', { scheme: 'http', host: '[::1]', subdomains: false, port: '' }],
    ['http://[::1]:*', { scheme: 'http', host: '[::1]', subdomains: false, port: '*' }],
    [
      'https://my_app.-x-.example.com',
      { scheme: 'https', host: 'my_app.-x-.example.com', subdomains: false, port: '' },
    ],
    ['https://xn--exmple-cua.com', { scheme: 'https', host: 'xn--exmple-cua.com', subdomains: false, port: '' }],
    ['https://example.com:65535', { scheme: 'https', host: 'example.com', subdomains: false, port: '65535' }],
    [`https://${HOST_253}`, { scheme: 'https', host: HOST_253, subdomains: false, port: '' }],
    ['capacitor://localhost', { scheme: 'capacitor', host: 'localhost', subdomains: false, port: '' }],
    ['app://x:8080', { scheme: 'app', host: 'x', subdomains: false, port: '8080' }],
  ])('takes %s', (text, parts) => {
    expect(parseOriginPattern(text)).toEqual({ text, ...parts });
  });

  it.each([
    ['https://app-*.example.com', 'app-', '', 'example.com', ''],
    ['https://*-preview.example.com', '', '-preview', 'example.com', ''],
    ['https://shop-*-acme.vercel.app', 'shop-', '-acme', 'vercel.app', ''],
    ['https://a*.b.c.example.com:8443', 'a', '', 'b.c.example.com', '8443'],
    ['https://_*-.example.com:*', '_', '-', 'example.com', '*'],
    ['http://app-*.localhost:3000', 'app-', '', 'localhost', '3000'],
    ['https://*example.com', '', 'example', 'com', ''],
    [`https://${'a'.repeat(40)}*${'b'.repeat(22)}.example.com`, 'a'.repeat(40), 'b'.repeat(22), 'example.com', ''],
  ])('takes one * inside of the leading label: %s', (text, before, after, host, port) => {
    const scheme = text.slice(0, text.indexOf(':'));
    expect(parseOriginPattern(text)).toEqual({ text, scheme, host, subdomains: false, label: { before, after }, port });
  });

  it.each([
    ['https://App-*.Example.com', 'origin_not_canonical'],
    ['https://app-*.example.com:443', 'origin_not_canonical'],
    ['https://app-*.example.com/', 'origin_path'],
    [' https://app-*.example.com', 'origin_whitespace'],
    ['wss://app-*.example.com', 'origin_scheme'],
  ])('proposes it for what is nearly one: %j', (text, code) => {
    expect(parseOriginPattern(text)).toEqual({ code, fix: 'https://app-*.example.com' });
  });

  it.each([
    ['', { code: 'origin_empty' }],
    ['*', { code: 'origin_any_in_list' }],
    ['null', { code: 'origin_null' }],
  ])('refuses %j', (text, expected) => {
    expect(parseOriginPattern(text)).toEqual(expected);
  });

  describe('refuses what is not in the form that browsers send, with that form', () => {
    it.each([
      ['https://Example.com', 'https://example.com'],
      ['HTTPS://example.com', 'https://example.com'],
      ['https://Example.com:*', 'https://example.com:*'],
      ['https://*.Example.com', 'https://*.example.com'],
      ['https://example.com:443', 'https://example.com'],
      ['https://*.example.com:443', 'https://*.example.com'],
      ['http://example.com:80', 'http://example.com'],
      ['https://example.com:', 'https://example.com'],
      ['https://example.com:08443', 'https://example.com:8443'],
      ['https://exämple.com', 'https://xn--exmple-cua.com'],
      ['https://%65xample.com', 'https://example.com'],
      ['http://127.0.0.01', 'http://127.0.0.1'],
      ['http://127.1', 'http://127.0.0.1'],
      ['http://0x7f.0.0.1:*', 'http://127.0.0.1:*'],
      ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]'],
      ['http://[::FFFF]:3000', 'http://[::ffff]:3000'],
      ['https:/example.com', 'https://example.com'],
      ['https:example.com', 'https://example.com'],
      ['HTTP:localhost:3000', 'http://localhost:3000'],
    ])('%s: %s', (text, fix) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_not_canonical', fix });
    });

    it('also after so many calls that the engine has optimized them', () => {
      const results = Array.from({ length: 20_000 }, () => parseOriginPattern('https://exämple.com'));
      expect(results.filter(result => 'code' in result && result.code !== 'origin_not_canonical')).toEqual([]);
    });

    it.each(['https://*.0.0.1', 'https:', 'http:*'])('%s: there is none', text => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_not_canonical' });
    });
  });

  describe('refuses several origins in one string, with each of them', () => {
    it.each([
      ['https://a.example,https://b.example', ['https://a.example', 'https://b.example']],
      ['https://a.example; https://*.b.example:*', ['https://a.example', 'https://*.b.example:*']],
      ['https://a.example | https://b.example', ['https://a.example', 'https://b.example']],
      ['https://a.example\nhttps://b.example/', ['https://a.example', 'https://b.example']],
      ['https://a.example, b.example', ['https://a.example', 'https://b.example']],
      ['["https://a.example", "https://b.example"]', ['https://a.example', 'https://b.example']],
      ["['https://a.example','http://[::1]:3000']", ['https://a.example', 'http://[::1]:3000']],
      ['https://a.example,*b.example', ['https://a.example', 'https://b.example', 'https://*.b.example']],
    ])('%j: %j', (text, entries) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_joined', entries });
    });

    it.each(['null, https://a.example', 'https://a.example *', 'https://a.example, b'])(
      '%j: nothing, rather than leave one out',
      text => {
        expect(parseOriginPattern(text)).toEqual({ code: 'origin_joined' });
      },
    );

    it('unless none of them can be written', () => {
      expect(parseOriginPattern('https://*, https://user@example.com')).toEqual({ code: 'origin_wildcard' });
      expect(parseOriginPattern('null, null')).toEqual({ code: 'origin_scheme_missing' });
    });
  });

  describe('refuses white space and separators around an origin', () => {
    it.each([
      [' https://example.com', 'https://example.com'],
      ['https://*.example.com\t', 'https://*.example.com'],
      ['https://example.com\n', 'https://example.com'],
      [' https://Example.com', 'https://example.com'],
      ['https://example.com\u00a0', 'https://example.com'],
    ])('%j: %s', (text, fix) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_whitespace', fix });
    });

    it.each([
      ['https://example.com,', 'origin_separator'],
      ['; https://example.com', 'origin_separator'],
      ['"https://example.com"', 'origin_quoted'],
      ["'https://example.com',", 'origin_quoted'],
      ['\u201chttps://example.com\u201d', 'origin_quoted'],
      ['["https://example.com"]', 'origin_quoted'],
      ['\ufeffhttps://example.com', 'origin_invisible'],
      ['https://exam\u00adple.com', 'origin_invisible'],
      ['https://example.com\u200b', 'origin_invisible'],
    ])('%j: %s', (text, code) => {
      expect(parseOriginPattern(text)).toEqual({ code, fix: 'https://example.com' });
    });

    it.each([
      [' ', 'origin_whitespace'],
      [',', 'origin_separator'],
      [' null', 'origin_null'],
    ])('%j: nothing to propose', (text, code) => {
      expect(parseOriginPattern(text)).toEqual({ code });
    });
  });

  it.each([
    ['true', { code: 'origin_reflected' }],
    ['False', { code: 'origin_text', fix: 'false' }],
    ['undefined', { code: 'origin_text' }],
    ['NaN', { code: 'origin_text' }],
    ['[object Object]', { code: 'origin_text' }],
    ['NULL', { code: 'origin_null' }],
  ])('refuses the name of a value: %s', (text, expected) => {
    expect(parseOriginPattern(text)).toEqual(expected);
  });

  describe('refuses a RegExp as text, with what it means', () => {
    it.each([
      ['/\\.example\\.com$/', { fix: 'https://*.example.com' }],
      ['^https://.*\\.example\\.com$', { fix: 'https://*.example.com' }],
      ['https?://example.com', { fix: 'https://example.com' }],
      ['^https://(app|admin)\\.example\\.com$', { entries: ['https://app.example.com', 'https://admin.example.com'] }],
      ['https://[a-z]+\\.example\\.com', { resolver: '/^https:\\/\\/[a-z]+\\.example\\.com$/' }],
      ['/(?=x)/', {}],
    ])('%s', (text, forms) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_regexp', ...forms });
    });
  });

  describe('refuses a missing scheme, with the likely one', () => {
    it.each([
      ['example.com', 'https://example.com'],
      ['example.com:8443', 'https://example.com:8443'],
      ['example.com:*', 'https://example.com:*'],
      ['*.example.com', 'https://*.example.com'],
      ['preview-*.example.com:*', 'https://preview-*.example.com:*'],
      ['*-preview.example.com', 'https://*-preview.example.com'],
      ['app-*.localhost:3000', 'http://app-*.localhost:3000'],
      ['localhost', 'http://localhost'],
      ['localhost:3000', 'http://localhost:3000'],
      ['app.localhost:*', 'http://app.localhost:*'],
      ['127.0.0.1:3000', 'http://127.0.0.1:3000'],
      ['[::1]:3000', 'http://[::1]:3000'],
      ['[2001:db8::1]', 'https://[2001:db8::1]'],
      ['example.com/path', 'https://example.com'],
      ['//example.com', 'https://example.com'],
      ['https//example.com', 'https://example.com'],
      ['Example.com', 'https://example.com'],
      ['example.com:443', 'https://example.com'],
      ['.example.com', 'https://*.example.com'],
    ])('%s: %s', (text, fix) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_scheme_missing', fix });
    });

    it.each(['example.com:0', 'app', 'web:3000'])('%s: nothing to propose', text => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_scheme_missing' });
    });
  });

  describe('refuses schemes that never stand in an Origin header', () => {
    it.each([
      ['wss://example.com', 'https://example.com'],
      ['WSS://example.com', 'https://example.com'],
      ['ws://localhost:3000', 'http://localhost:3000'],
      ['wss://*.example.com:*', 'https://*.example.com:*'],
      ['wss://example.com/socket', 'https://example.com'],
      ['ws://Example.com', 'http://example.com'],
    ])('%s: the page is %s', (text, fix) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_scheme', fix });
    });

    it.each([
      'data://x',
      'data:text/html',
      'about://blank',
      'about:blank',
      'blob://x',
      'javascript://x',
      'filesystem://x',
      'view-source://x',
      'null://example.com',
      'ftp://example.com',
    ])('%s: nothing to propose', text => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_scheme' });
    });

    it.each(['file://', 'file://host', 'file:///etc/passwd', 'FILE://host', 'file:'])(
      '%s: its origin is null',
      text => {
        expect(parseOriginPattern(text)).toEqual({ code: 'origin_file' });
      },
    );
  });

  it.each([
    'h*',
    '**',
    'example.*',
    'https://*',
    'https://*.',
    'https://*:8443',
    'https://example.*',
    'https://example.com*',
    'https://*.127.0.0.1',
    'https://*.[::1]',
    'https://*-*.com',
    'https://xn--*.example.com',
    `https://${'a'.repeat(40)}*${'b'.repeat(23)}.example.com`,
    'https://app-*',
    'https://app-*.10.0.0.1',
  ])('refuses a wildcard that is neither in the leading label nor a port: %s', text => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_wildcard' });
  });

  it.each([
    ['*://example.com', { fix: 'https://example.com' }],
    ['htt*://example.com', { fix: 'https://example.com' }],
    ['https://**.example.com', { fix: 'https://*.example.com' }],
    ['*example.com', { entries: ['https://example.com', 'https://*.example.com'] }],
    ['*://app-*.example.com', { fix: 'https://app-*.example.com' }],
    ['https://app-**.example.com', { fix: 'https://app-*.example.com' }],
    ['https://api.*.example.com', { resolver: '/^https:\\/\\/api\\.[a-z0-9_-]+\\.example\\.com$/' }],
    ['https://a-*-*.example.com', { resolver: '/^https:\\/\\/a-[a-z0-9_-]+-[a-z0-9_-]+\\.example\\.com$/' }],
    ['https://*.*.example.com', { resolver: '/^https:\\/\\/[a-z0-9_.-]+\\.[a-z0-9_-]+\\.example\\.com$/' }],
    ['https://example.com:80*', { resolver: '/^https:\\/\\/example\\.com:80[0-9]+$/' }],
    ['https://example.com:**', { resolver: '/^https:\\/\\/example\\.com:[0-9]+$/' }],
  ])('refuses a wildcard that no pattern has, with what means the same or less: %s', (text, forms) => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_wildcard', ...forms });
  });

  it.each([
    ['moz-extension', '[0-9a-f-]{36}'],
    ['chrome-extension', '[a-p]{32}'],
  ])('refuses every extension of a browser, with the ids of %s in a resolver', (scheme, id) => {
    expect(parseOriginPattern(`${scheme}://*`)).toEqual({
      code: 'origin_scheme_wildcard',
      resolver: `/^${scheme}:\\/\\/${id}$/`,
    });
  });

  it.each([
    ['safari-web-extension://E3449EA7-EC25-4696-8E6E-D0B1C8F5E9B2', undefined],
    ['capacitor://LocalHost', 'capacitor://localhost'],
    ['app://X', 'app://x'],
  ])('refuses capitals in the host of another scheme: %s', (text, fix) => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_capitals', ...(fix !== undefined && { fix }) });
  });

  it.each(['app://*.example.com', 'capacitor://localhost:*', 'chrome-extension://*.abc'])(
    'refuses a wildcard under a scheme whose hosts have no owner: %s',
    text => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_scheme_wildcard' });
    },
  );

  it.each([
    ['https://user@example.com', 'https://example.com'],
    ['https://user:pass@example.com', 'https://example.com'],
    ['https://*@example.com', 'https://example.com'],
    ['app://u@x', 'app://x'],
  ])('refuses a user name: %s', (text, fix) => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_userinfo', fix });
  });

  describe('refuses what follows the host and port', () => {
    it.each([
      ['https://example.com/', 'https://example.com'],
      ['https://example.com:8443/path', 'https://example.com:8443'],
      ['https://Example.com/', 'https://example.com'],
      ['https://*.example.com:*/', 'https://*.example.com:*'],
      ['https://example.com?x', 'https://example.com'],
      ['https://example.com#x', 'https://example.com'],
      ['https://example.com\\x', 'https://example.com'],
      ['https://example.com/@x', 'https://example.com'],
      ['https://example.com/*', 'https://example.com'],
      ['app://x/', 'app://x'],
    ])('%s: %s', (text, fix) => {
      expect(parseOriginPattern(text)).toEqual({ code: 'origin_path', fix });
    });

    it.each(['https:///', 'https://example..com/', 'filesystem:https://example.com/temporary'])(
      '%s: nothing to propose',
      text => {
        expect(parseOriginPattern(text)).toEqual({ code: 'origin_path' });
      },
    );
  });

  it.each([
    'https://example.com:0',
    'https://example.com:00',
    'https://example.com:65536',
    'https://example.com:99999',
    'https://example.com:100000',
    'https://*.example.com:0',
    'app://x:65536',
  ])('refuses a port outside 1 to 65535: %s', text => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_port' });
  });

  it.each([
    'https://',
    'https://:8443',
    'https://example..com',
    'https://.example.com',
    'https://example.com.',
    'https://xn--f',
    'https://[ ]',
    'https://1.2.3.256',
    'https://[::1',
    'https://[::1]x',
    'https://[:::]',
    'https://example.com:-1',
    'https://example.com:http',
    `https://${'a'.repeat(64)}.com`,
    `https://${HOST_253}b`,
    'app://',
  ])('refuses what is no host: %s', text => {
    expect(parseOriginPattern(text)).toEqual({ code: 'origin_host' });
  });
});

describe('isAddress', () => {
  it.each([
    ['127.0.0.1', true],
    ['1', true],
    ['[::1]', true],
    ['1.example', false],
    ['example.c0', false],
    ['localhost', false],
  ])('%s: %s', (host, expected) => {
    expect(isAddress(host)).toBe(expected);
  });
});

describe('isLoopback', () => {
  it.each([
    ['localhost', true],
    ['app.localhost', true],
    ['127.0.0.1', true],
    ['127.255.255.254', true],
    ['[::1]', true],
    ['notlocalhost', false],
    ['localhost.example.com', false],
    ['127.example.com', false],
    ['127.0.0.1.example.com', false],
    ['128.0.0.1', false],
    ['10.127.0.1', false],
    ['[::2]', false],
  ])('%s: %s', (host, expected) => {
    expect(isLoopback(host)).toBe(expected);
  });
});
