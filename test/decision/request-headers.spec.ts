import {
  findHeaderFault,
  judgeRequestHeaders,
  MAX_ELEMENTS,
  MAX_REQUEST_HEADERS_LENGTH,
  MAX_SPARE_ELEMENTS,
  type HeaderFault,
} from '../../lib/decision/request-headers.js';
import { compilePolicy } from '../support/policy.js';

const ALLOWED: ReadonlySet<string> = new Set(['content-type', 'x-csrf-token', 'x-a']);
const OK = undefined;

/** What is at fault in a list, as the judgement has it as well. */
function judge(text: string | undefined, allowed: ReadonlySet<string> | undefined): HeaderFault | undefined {
  const fault = text === undefined ? undefined : findHeaderFault(text, allowed);
  const policy = compilePolicy({ origin: '*', allowedHeaders: allowed === undefined ? '*' : [...allowed] });
  expect(judgeRequestHeaders(text, policy)).toBe(fault === undefined ? 'allowed' : 'header-not-allowed');
  return fault;
}

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
    expect(judge(text, ALLOWED)).toEqual(OK);
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
    expect(judge(text, ALLOWED)).toEqual({ fault: 'header-not-allowed', name });
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
    const expected = { fault: 'headers-malformed', name };
    expect([judge(text, ALLOWED), judge(text, undefined)]).toEqual([expected, expected]);
  });

  it('tells the first element at fault', () => {
    expect([judge('x b,x-c', ALLOWED), judge('x-c,x b', ALLOWED)]).toEqual([
      { fault: 'headers-malformed', name: 'x b' },
      { fault: 'header-not-allowed', name: 'x-c' },
    ]);
  });

  it("takes any name where the policy is '*'", () => {
    expect(judge('Authorization, x-anything,*', undefined)).toEqual(OK);
  });

  it('takes nothing but emptiness where no name is allowed', () => {
    const none: ReadonlySet<string> = new Set();
    expect([judge(' , ', none), judge('content-type', none)]).toEqual([
      OK,
      { fault: 'header-not-allowed', name: 'content-type' },
    ]);
  });

  const TOO_LONG = { fault: 'headers-malformed', name: '' };

  it('reads 8192 characters and no more', () => {
    const full = 'x'.repeat(8192);
    const named = { fault: 'header-not-allowed', name: full };
    expect([full.length, MAX_REQUEST_HEADERS_LENGTH]).toEqual([8192, 8192]);
    expect([judge(full, ALLOWED), judge(`${full},`, ALLOWED)]).toEqual([named, TOO_LONG]);
    expect([judge(full, undefined), judge(`${full},`, undefined)]).toEqual([OK, TOO_LONG]);
  });

  it.each([
    ['empty elements', ''],
    ['a name again and again', 'x-a'],
  ])('reads 16 elements more than there are names to allow: %s', (_, element) => {
    const list = (elements: number) => Array<string>(elements).fill(element).join();
    expect(MAX_SPARE_ELEMENTS).toBe(16);
    expect(judge(list(ALLOWED.size + 16), ALLOWED)).toEqual(OK);
    expect(judge(list(ALLOWED.size + 17), ALLOWED)).toEqual(TOO_LONG);
  });

  it('reads 128 elements where any name is allowed', () => {
    const list = (elements: number) => Array.from({ length: elements }, (_, index) => `x-${String(index)}`).join();
    expect(MAX_ELEMENTS).toBe(128);
    expect([judge(list(128), undefined), judge(list(129), undefined)]).toEqual([OK, TOO_LONG]);
  });

  it('reads as many names as are allowed', () => {
    const names = Array.from({ length: 300 }, (_, index) => `x-${String(index)}`);
    expect(judge(names.join(), new Set(names))).toEqual(OK);
  });
});
