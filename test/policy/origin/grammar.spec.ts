import { isCanonicalPort, MAX_ORIGIN_LENGTH, parseOrigin } from '../../../lib/policy/origin/grammar.js';

const LABEL_63 = 'a'.repeat(63);
/** 253 characters: 63 + 1 + 63 + 1 + 63 + 1 + 61. */
const HOST_253 = [LABEL_63, LABEL_63, LABEL_63, 'b'.repeat(61)].join('.');

describe('parseOrigin', () => {
  it.each([
    ['https://example.com', { scheme: 'https', host: 'example.com', port: '' }],
    ['https://example.com:8443', { scheme: 'https', host: 'example.com', port: '8443' }],
    ['https://a_b.-x-.example.com', { scheme: 'https', host: 'a_b.-x-.example.com', port: '' }],
    ['http://localhost:1', { scheme: 'http', host: 'localhost', port: '1' }],
    ['http://localhost:65535', { scheme: 'http', host: 'localhost', port: '65535' }],
    ['http://127.0.0.1:5173', { scheme: 'http', host: '127.0.0.1', port: '5173' }],
    ['http://[::1]', { scheme: 'http', host: '[::1]', port: '' }],
    ['http://[::1]:5173', { scheme: 'http', host: '[::1]', port: '5173' }],
    ['capacitor://localhost', { scheme: 'capacitor', host: 'localhost', port: '' }],
    ['a+b-c.1://x', { scheme: 'a+b-c.1', host: 'x', port: '' }],
  ])('splits %s', (text, parts) => {
    expect(parseOrigin(text)).toEqual(parts);
  });

  it.each([
    ['nothing', ''],
    ['no scheme', 'example.com'],
    ['an empty scheme', '://example.com'],
    ['a scheme that starts with a digit', '1http://example.com'],
    ['an upper-case scheme', 'HTTPS://example.com'],
    ['one slash', 'https:/example.com'],
    ['three slashes', 'https:///example.com'],
    ['no host', 'https://'],
    ['only a port', 'https://:8443'],
    ['an upper-case host', 'https://Example.com'],
    ['an empty label', 'https://a..example.com'],
    ['a leading dot', 'https://.example.com'],
    ['a trailing dot', 'https://example.com.'],
    ['an asterisk', 'https://*.example.com'],
    ['a byte that is not ASCII', 'https://exämple.com'],
    ['a long s', 'https://\u017f.example.com'],
    ['a Kelvin sign', 'https://\u212a.example.com'],
    ['an empty port', 'https://example.com:'],
    ['port 0', 'https://example.com:0'],
    ['a leading zero', 'https://example.com:08443'],
    ['port 65536', 'https://example.com:65536'],
    ['a port of six digits', 'https://example.com:100000'],
    ['a negative port', 'https://example.com:-1'],
    ['a port with a letter', 'https://example.com:80a'],
    ['any port', 'https://example.com:*'],
    ['the default port of https', 'https://example.com:443'],
    ['the default port of http', 'http://example.com:80'],
    ['a path', 'https://example.com/'],
    ['a query', 'https://example.com?x'],
    ['a fragment', 'https://example.com#x'],
    ['a user', 'https://user@example.com'],
    ['a backslash', 'https://example.com\\x'],
    ['a leading space', ' https://example.com'],
    ['a trailing space', 'https://example.com '],
    ['a final newline', 'https://example.com\n'],
    ['a line in front', 'x\nhttps://example.com'],
    ['a tab inside', 'https://exa\tmple.com'],
    ['a NUL', 'https://example.com\0'],
    ['two origins', 'https://example.com, https://example.com'],
    ['an unclosed address', 'http://[::1'],
    ['something after an address', 'http://[::1].example.com'],
    ['an upper-case address', 'http://[::A]'],
    ['a zone', 'http://[fe80::1%25eth0]'],
    ['an empty address', 'http://[]'],
  ])('refuses %s', (_, text) => {
    expect(parseOrigin(text)).toBeUndefined();
  });

  it('takes the default port of the other scheme for what it is', () => {
    expect(parseOrigin('http://example.com:443')).toEqual({ scheme: 'http', host: 'example.com', port: '443' });
    expect(parseOrigin('https://example.com:80')).toEqual({ scheme: 'https', host: 'example.com', port: '80' });
  });

  it('takes labels of 63 bytes and refuses labels of 64', () => {
    expect(parseOrigin(`https://${LABEL_63}.com`)).toEqual({ scheme: 'https', host: `${LABEL_63}.com`, port: '' });
    expect(parseOrigin(`https://${LABEL_63}a.com`)).toBeUndefined();
    expect(parseOrigin(`https://com.${LABEL_63}a`)).toBeUndefined();
  });

  it('takes hosts of 253 bytes and refuses hosts of 254', () => {
    expect(parseOrigin(`https://${HOST_253}`)).toEqual({ scheme: 'https', host: HOST_253, port: '' });
    expect(parseOrigin(`https://${HOST_253}b`)).toBeUndefined();
  });

  it('takes schemes of 64 bytes and refuses schemes of 65', () => {
    const scheme = 's'.repeat(64);
    expect(parseOrigin(`${scheme}://x`)).toEqual({ scheme, host: 'x', port: '' });
    expect(parseOrigin(`${scheme}s://x`)).toBeUndefined();
  });

  it('takes the longest origin there is, and has its cap there', () => {
    const longest = `${'s'.repeat(64)}://${HOST_253}:65535`;
    expect(longest).toHaveLength(MAX_ORIGIN_LENGTH);
    expect(parseOrigin(longest)).toEqual({ scheme: 's'.repeat(64), host: HOST_253, port: '65535' });
  });

  it('does not read what is longer', () => {
    // The regular expression engine runs out of stack on such a text.
    expect(parseOrigin(`https://${'a.'.repeat(10_000_000)}/`)).toBeUndefined();
  });
});

describe('isCanonicalPort', () => {
  it.each([
    ['https', 443, false],
    ['https', 80, true],
    ['http', 80, false],
    ['http', 443, true],
    ['app', 443, true],
    ['https', 65535, true],
    ['https', 65536, false],
  ])('%s, %i: %s', (scheme, port, expected) => {
    expect(isCanonicalPort(scheme, port)).toBe(expected);
  });
});
