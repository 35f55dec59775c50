import { add } from '../../../lib/policy/add.js';
import { isAnnounced, readAllowedHeaders, readExposedHeaders } from '../../../lib/policy/names/headers.js';
import { problem } from '../../../lib/issues/problem.js';
import { read } from '../../support/policy.js';

const OPTIONS = [
  ['allowedHeaders', readAllowedHeaders, 'request_header_any', "['content-type', 'x-csrf-token']"],
  ['exposedHeaders', readExposedHeaders, 'response_header_any', "['x-total-count']"],
] as const;

describe.each(OPTIONS)('The %s option', (path, reader, any, example) => {
  it.each([
    ['a list', ['X-One', 'x-two'], ['X-One', 'x-two']],
    ['an empty list', [], []],
    ['one name', 'x-one', ['x-one']],
    ["Nest's comma-separated string", 'x-one, X-Two,x-three', ['x-one', 'X-Two', 'x-three']],
    ['every character of a token but the asterisk', ["x!#$%&'+.^_`|~9"], ["x!#$%&'+.^_`|~9"]],
  ])('takes %s', (_, value, items) => {
    expect(read(reader, value)).toEqual({ result: { mode: 'replace', items }, problems: [] });
  });

  it('takes an asterisk in a name as the character that it is, with a warning', () => {
    expect(read(reader, ['x-*'])).toEqual({
      result: { mode: 'replace', items: ['x-*'] },
      problems: [expect.objectContaining({ code: 'header_asterisk', path: `${path}[0]`, value: 'x-*' })],
    });
  });

  it('takes an addition', () => {
    expect(read(reader, add('x-one'))).toEqual({ result: { mode: 'add', items: ['x-one'] }, problems: [] });
  });

  it.each([['*'], [['*']], [' * ']])("takes '*' alone, with a warning: %j", value => {
    expect(read(reader, value)).toEqual({ result: '*', problems: [problem(any, path, '*')] });
  });

  it.each([
    ['an empty string', '', problem('headers_empty', path, '')],
    ['an addition of nothing', add(), problem('headers_empty', path, add())],
    ['true', true, problem('headers_type', path, true, example)],
    ['null', null, problem('headers_type', path, null, example)],
    ['an object', {}, problem('headers_type', path, {}, example)],
    ["'*' beside a name", ['x-one', '*'], problem('header_any_in_list', `${path}[1]`, '*')],
    ["'*' ahead of a name", ['*', 'x-one'], problem('header_any_in_list', `${path}[0]`, '*')],
    ["'*' beside a name in a string", 'x-one,*', problem('header_any_in_list', path, '*')],
    ["'*' in an addition", add('*'), problem('header_any_in_list', `${path}[0]`, '*')],
    ['a space', ['x one'], problem('header_invalid', `${path}[0]`, 'x one', "'x-one'")],
    [
      'two names in one entry',
      ['x-one,x-two'],
      problem('header_invalid', `${path}[0]`, 'x-one,x-two', "'x-one', 'x-two'"),
    ],
    ['a colon', ['x:'], problem('header_invalid', `${path}[0]`, 'x:', "'x'")],
    [
      'a line break',
      ['x\r\nset-cookie'],
      problem('header_invalid', `${path}[0]`, 'x\r\nset-cookie', "'x', 'set-cookie'"),
    ],
    ['a byte that is not ASCII', ['xé'], problem('header_invalid', `${path}[0]`, 'xé')],
    ['an empty entry', ['x-one', ''], problem('name_empty', `${path}[1]`, '')],
    ['an empty element', 'x-one,', problem('names_text', path, 'x-one,', "['x-one']")],
    ['semicolons', 'x-one; x-two', problem('names_text', path, 'x-one; x-two', "['x-one', 'x-two']")],
    ['JSON', '["x-one"]', problem('names_text', path, '["x-one"]', "['x-one']")],
    ['quotes', ["'x-one'"], problem('header_invalid', `${path}[0]`, "'x-one'", "'x-one'")],
    ['a zero-width space', ['x-one\u200b'], problem('header_invalid', `${path}[0]`, 'x-one\u200b', "'x-one'")],
    ['the name of a value', 'undefined', problem('name_value', path, 'undefined')],
    ['a null entry', [null], problem('option_null', `${path}[0]`, null)],
    ['a number', [7], problem('header_invalid', `${path}[0]`, 7)],
    ['an undefined entry', [undefined], problem('option_undefined', `${path}[0]`, undefined)],
    ['a hole', Array(1), problem('option_undefined', `${path}[0]`, undefined)],
  ])('refuses %s', (_, value, expected) => {
    expect(read(reader, value)).toEqual({ result: undefined, problems: [expected] });
  });

  it('tells every bad entry', () => {
    expect(read(reader, ['x one', 'x-two', '*'])).toEqual({
      result: undefined,
      problems: [
        problem('header_invalid', `${path}[0]`, 'x one', "'x-one'"),
        problem('header_any_in_list', `${path}[2]`, '*'),
      ],
    });
  });

  it('drops a name that is listed twice, in whatever case, with a warning', () => {
    expect(read(reader, ['X-One', 'x-two', 'x-one'])).toEqual({
      result: { mode: 'replace', items: ['X-One', 'x-two'] },
      problems: [problem('header_duplicate', `${path}[2]`, 'x-one')],
    });
  });
});

describe('The allowedHeaders option', () => {
  it.each([
    'accept-charset',
    'Accept-Encoding',
    'access-control-request-headers',
    'Access-Control-Request-Method',
    'access-control-request-private-network',
    'Connection',
    'Content-Length',
    'Cookie',
    'Cookie2',
    'Date',
    'DNT',
    'Expect',
    'Host',
    'Keep-Alive',
    'Origin',
    'Referer',
    'Set-Cookie',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Via',
    'Sec-Fetch-Site',
    'sec-anything',
    'Proxy-Authorization',
    'proxy-anything',
  ])('refuses %s, which browsers set themselves', name => {
    expect(read(readAllowedHeaders, [name])).toEqual({
      result: undefined,
      problems: [problem('request_header_forbidden', 'allowedHeaders[0]', name)],
    });
  });

  it.each(['Access-Control-Allow-Origin', 'access-control-expose-headers', 'Access-Control-Max-Age'])(
    'refuses %s, which is a response header',
    name => {
      expect(read(readAllowedHeaders, [name])).toEqual({
        result: undefined,
        problems: [problem('request_header_is_response_header', 'allowedHeaders[0]', name)],
      });
    },
  );

  it.each(['X-HTTP-Method', 'x-http-method-override', 'X-Method-Override'])('warns of %s', name => {
    expect(read(readAllowedHeaders, [name])).toEqual({
      result: { mode: 'replace', items: [name] },
      problems: [problem('request_header_method_override', 'allowedHeaders[0]', name)],
    });
  });

  it.each(['Forwarded', 'X-Forwarded-For', 'x-forwarded-anything', 'X-Real-IP'])('warns of %s', name => {
    expect(read(readAllowedHeaders, [name])).toEqual({
      result: { mode: 'replace', items: [name] },
      problems: [problem('request_header_forwarded', 'allowedHeaders[0]', name)],
    });
  });

  it.each(['accept', 'Authorization', 'content-type', 'user-agent', 'second', 'x-sec-', 'x-forwarded', 'cookies'])(
    'takes %s',
    name => {
      expect(read(readAllowedHeaders, [name])).toEqual({ result: { mode: 'replace', items: [name] }, problems: [] });
    },
  );
});

describe('The exposedHeaders option', () => {
  it.each(['Set-Cookie', 'set-cookie2'])('refuses %s, which scripts can never read', name => {
    expect(read(readExposedHeaders, [name])).toEqual({
      result: undefined,
      problems: [problem('response_header_forbidden', 'exposedHeaders[0]', name)],
    });
  });

  it.each(['WWW-Authenticate', 'proxy-authenticate', 'Location'])('warns of %s', name => {
    expect(read(readExposedHeaders, [name])).toEqual({
      result: { mode: 'replace', items: [name] },
      problems: [problem('response_header_sensitive', 'exposedHeaders[0]', name)],
    });
  });

  it.each(['Origin', 'cookie', 'Access-Control-Request-Method', 'If-None-Match'])(
    'warns of %s, which no response has',
    name => {
      expect(read(readExposedHeaders, [name])).toEqual({
        result: { mode: 'replace', items: [name] },
        problems: [problem('response_header_is_request_header', 'exposedHeaders[0]', name)],
      });
    },
  );

  it.each(['Content-Type', 'x-total-count', 'content-location', 'authorization', 'date'])('takes %s', name => {
    expect(read(readExposedHeaders, [name])).toEqual({ result: { mode: 'replace', items: [name] }, problems: [] });
  });
});

describe('A preflight announces', () => {
  it.each([
    ['X-One', ''],
    ['authorization', 'x'],
    ['Content-Type', 'application/json'],
    ['content-type', 'text/plainer'],
    ['Accept', 'a'.repeat(129)],
    ['accept-language', 'a'.repeat(129)],
    ['content-language', 'a'.repeat(129)],
  ])('%s: %s', (name, value) => expect(isAnnounced(name, value)).toBe(true));

  it.each([
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['content-type', 'Multipart/Form-Data'],
    ['content-type', 'application/x-www-form-urlencoded '],
    ['Accept', 'a'.repeat(128)],
    ['accept-language', 'a'.repeat(128)],
    ['content-language', 'a'.repeat(128)],
    ['Cookie', 'a=b'],
    ['Sec-Fetch-Site', 'cross-site'],
    ['proxy-authorization', 'x'],
  ])('no %s: %s', (name, value) => expect(isAnnounced(name, value)).toBe(false));
});
