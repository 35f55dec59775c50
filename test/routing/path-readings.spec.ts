import { pathOf, readPath } from '../../lib/routing/path-readings.js';

describe('The path of a request target', () => {
  it.each<[string | undefined, string | undefined]>([
    ['/files/a.txt', '/files/a.txt'],
    ['/files/a.txt?b=/c#d', '/files/a.txt'],
    ['/files/%2e%2E/a%20b?', '/files/%2e%2E/a%20b'],
    ['/files/a#b?c', '/files/a'],
    ['//host/files', '//host/files'],
    ['/', '/'],
    ['/?/files', '/'],
    ['http://localhost/files/a?b', '/files/a'],
    ['HTTPS://localhost:3000/files', '/files'],
    ['http://[::1]:3000/files', '/files'],
    ['http://localhost', '/'],
    ['http://localhost?/files', '/'],
    ['http://localhost#/files', '/'],
    ['http://localhost\\files', '\\files'],
    ['*', undefined],
    ['', undefined],
    ['files', undefined],
    ['ftp://localhost/files', undefined],
    [undefined, undefined],
  ])('of %j is %j', (url, path) => {
    expect(pathOf(url)).toBe(path);
  });
});

const ONE = { isStable: true, isWellFormed: true, isComplete: true };

describe('A plain path', () => {
  it.each([
    ['/', '/'],
    ['/files/a.txt', '/files/a.txt'],
    ['/files/', '/files/'],
    ['/files/a..b/..c/d../...', '/files/a..b/..c/d../...'],
    ['/.well-known/a', '/.well-known/a'],
    ["/files/!$&'()*+,=:@~-_", "/files/!$&'()*+,=:@~-_"],
    ['/service%20path', '/service path'],
    ['/%66iles/%2E%2Ea', '/files/..a'],
    ['/files/%C3%A9t%c3%a9', '/files/\u00e9t\u00e9'],
    ['/files/e%CC%81', '/files/\u00e9'],
    ['/files/\u00e9t\u00e9', '/files/\u00e9t\u00e9'],
    ['/files/%F0%9F%90%88', '/files/\u{1f408}'],
    ['/files/%3F%23', '/files/?#'],
  ])('has one reading, decoded: %s', (path, reading) => {
    expect(readPath(path)).toEqual({ readings: [reading], ...ONE });
  });
});

describe('A path that is not plain', () => {
  it.each<[string, readonly string[]]>([
    ['/a/..%2fb', ['/a/..%2fb', '/a/../b', '/b']],
    ['/a%2Fb', ['/a%2Fb', '/a/b']],
    ['/a/%2e%2e/b', ['/a/%2e%2e/b', '/a/../b', '/b']],
    ['/a/./b', ['/a/./b', '/a/b']],
    ['/a/..', ['/a/..', '/']],
    ['/../a', ['/../a', '/a']],
    ['/a/%252e%252e/b', ['/a/%252e%252e/b', '/a/%2e%2e/b', '/a/../b', '/b']],
    ['/a%2fb/../c', ['/a%2fb/../c', '/c', '/a/b/../c', '/a/c']],
    ['/a;v=1/b;', ['/a;v=1/b;', '/a/b']],
    ['/a/..;/b', ['/a/..;/b', '/a/../b', '/b']],
    ['/a/b\\c', ['/a/b\\c', '/a/b/c']],
    ['/a/b%5c..%5cc', ['/a/b%5c..%5cc', '/a/b\\..\\c', '/a/b/../c', '/a/c']],
    ['/a//b', ['/a//b', '/a/b']],
    ['/a/b//', ['/a/b//', '/a/b/']],
    ['//a/b', ['//a/b', '/a/b', '/b']],
    ['/a%00', ['/a%00', '/a\0', '/a']],
    ['/a%0ab', ['/a%0ab', '/a\nb', '/ab']],
    ['/100%25', ['/100%25', '/100%']],
    ['/%zz', ['/%zz']],
    ['/%61%zz', ['/%61%zz', '/a%zz']],
    ['/%2561%2fb', ['/%2561%2fb', '/%61/b', '/%61%2fb', '/a/b', '/a%2fb']],
    // The bytes of UTF-8, as Node hands them over.
    ['/\u00c3\u00a9', ['/\u00c3\u00a9', '/\u00e9']],
  ])('has a reading for each way to decode and normalize it: %s', (path, expected) => {
    const { readings, ...rest } = readPath(path);
    expect([...readings].sort()).toEqual([...expected].sort());
    expect(rest).toEqual(ONE);
  });

  it.each([
    '/a/%C3',
    '/a/%C3/%A9',
    '/a/%ff',
    '/a/%c0%af..%c0%afb',
    '/a/%e0%80%af',
    '/a/%ed%a0%80',
    '/a/%f4%90%80%80',
    '/a/%u002e%u002e/b',
    '/a/%25ff',
  ])('is not stable where decoders disagree about its bytes: %s', path => {
    expect(readPath(path)).toMatchObject({ isWellFormed: false, isComplete: true });
  });

  it.each<[rounds: number, isStable: boolean]>([
    [1, true],
    [2, true],
    [3, true],
    [4, false],
    [5, false],
  ])('is read through three rounds of escapes, and no further: %i', (rounds, isStable) => {
    const path = `/a/%${'25'.repeat(rounds - 1)}2fb`;
    const { readings, ...rest } = readPath(path);
    expect(rest).toEqual({ isStable, isWellFormed: true, isComplete: true });
    expect(readings.includes('/a//b')).toBe(isStable);
  });

  it.each([
    ['many readings', '/a;b//c\\d/%252e%252e%25252f;x//%255c/..%2f'],
    ['great length', `/${'%25'.repeat(1400)}`],
    ['long readings', `/${'a;b//\\'.repeat(600)}`],
  ])('is not read to its end: %s', (_what, path) => {
    expect(readPath(path).isComplete).toBe(false);
  });
});
