import {
  judgeRequestHeaders,
  MAX_ELEMENTS,
  MAX_REQUEST_HEADERS_LENGTH,
  MAX_SPARE_ELEMENTS,
} from '../../lib/decision/request-headers.js';

const ALLOWED: ReadonlySet<string> = new Set(['content-type', 'x-csrf-token', 'x-a']);
const OK = { ok: true };

describe('judgeRequestHeaders', () => {
  it.each([
    ['no header at all', undefined],
    ['an empty header', ''],
    ['white space', ' \t '],
    ['empty elements', ',, ,\t,'],
    ['one name', 'x-a'],
    ['every name', 'content-type,x-a,x-csrf-token'],
    ['another order', 'x-csrf-token,content-type,x-a'],
    ['another case', 'X-CSRF-TOKEN,Content-Type'],
    ['spaces and tabs around the names', ' x-a ,\tcontent-type\t, x-csrf-token'],
    ['empty elements between the names', ',x-a,,content-type, ,'],
    ['a name twice', 'x-a,x-a'],
    ['split lines, as Node joins them', 'x-a, content-type'],
  ])('takes %s', (_, text) => {
    expect(judgeRequestHeaders(text, ALLOWED)).toEqual(OK);
  });

  it.each([
    ['a name that is not allowed', 'x-b', 'x-b'],
    ['one among others', 'x-a,x-b,content-type', 'x-b'],
    ['the last of them', 'x-a,content-type,X-B', 'X-B'],
    ['the first of several', ' x-c ,x-b', 'x-c'],
    ['a part of a name', 'x-', 'x-'],
    ['a longer name', 'x-ab', 'x-ab'],
    ['an asterisk, which is a name here', '*', '*'],
    ['a name of Object', '__proto__', '__proto__'],
  ])('refuses %s: all or nothing', (_, text, name) => {
    expect(judgeRequestHeaders(text, ALLOWED)).toEqual({ ok: false, reason: 'header-not-allowed', name });
  });

  it.each([
    ['a space inside a name', 'x a', 'x a'],
    ['names with a space for a comma', 'x-a content-type', 'x-a content-type'],
    ['a semicolon', 'x-a;content-type', 'x-a;content-type'],
    ['a colon', 'x-a:', 'x-a:'],
    ['a quote', '"x-a"', '"x-a"'],
    ['a line break', 'x-a\n', 'x-a\n'],
    ['a carriage return', 'x-a,\rx-a', '\rx-a'],
    ['a vertical tab, which is no white space here', '\vx-a', '\vx-a'],
    ['a no-break space', '\u00a0x-a', '\u00a0x-a'],
    ['a byte order mark', '\ufeffx-a', '\ufeffx-a'],
    ['a NUL', 'x-a\0', 'x-a\0'],
    ['a byte that is not ASCII', 'x-é', 'x-é'],
    ['a Kelvin sign', 'x-\u212a', 'x-\u212a'],
  ])('refuses %s as malformed, also where any name is allowed', (_, text, name) => {
    const expected = { ok: false, reason: 'headers-malformed', name };
    expect([judgeRequestHeaders(text, ALLOWED), judgeRequestHeaders(text, undefined)]).toEqual([expected, expected]);
  });

  it('tells the first element at fault', () => {
    expect([judgeRequestHeaders('x b,x-c', ALLOWED), judgeRequestHeaders('x-c,x b', ALLOWED)]).toEqual([
      { ok: false, reason: 'headers-malformed', name: 'x b' },
      { ok: false, reason: 'header-not-allowed', name: 'x-c' },
    ]);
  });

  it("takes any name where the policy is '*'", () => {
    expect(judgeRequestHeaders('Authorization, x-anything,*', undefined)).toEqual(OK);
  });

  it('takes nothing but emptiness where no name is allowed', () => {
    const none: ReadonlySet<string> = new Set();
    expect([judgeRequestHeaders(' , ', none), judgeRequestHeaders('content-type', none)]).toEqual([
      OK,
      { ok: false, reason: 'header-not-allowed', name: 'content-type' },
    ]);
  });

  const TOO_LONG = { ok: false, reason: 'headers-malformed', name: '' };

  it('reads 8192 characters and no more', () => {
    const full = 'x'.repeat(8192);
    const named = { ok: false, reason: 'header-not-allowed', name: full };
    expect([full.length, MAX_REQUEST_HEADERS_LENGTH]).toEqual([8192, 8192]);
    expect([judgeRequestHeaders(full, ALLOWED), judgeRequestHeaders(`${full},`, ALLOWED)]).toEqual([named, TOO_LONG]);
    expect([judgeRequestHeaders(full, undefined), judgeRequestHeaders(`${full},`, undefined)]).toEqual([OK, TOO_LONG]);
  });

  it.each([
    ['empty elements', ''],
    ['a name again and again', 'x-a'],
  ])('reads 16 elements more than there are names to allow: %s', (_, element) => {
    const list = (elements: number) => Array<string>(elements).fill(element).join();
    expect(MAX_SPARE_ELEMENTS).toBe(16);
    expect(judgeRequestHeaders(list(ALLOWED.size + 16), ALLOWED)).toEqual(OK);
    expect(judgeRequestHeaders(list(ALLOWED.size + 17), ALLOWED)).toEqual(TOO_LONG);
  });

  it('reads 128 elements where any name is allowed', () => {
    const list = (elements: number) => Array.from({ length: elements }, (_, index) => `x-${String(index)}`).join();
    expect(MAX_ELEMENTS).toBe(128);
    expect([judgeRequestHeaders(list(128), undefined), judgeRequestHeaders(list(129), undefined)]).toEqual([
      OK,
      TOO_LONG,
    ]);
  });

  it('reads as many names as are allowed', () => {
    const names = Array.from({ length: 300 }, (_, index) => `x-${String(index)}`);
    expect(judgeRequestHeaders(names.join(), new Set(names))).toEqual(OK);
  });
});
