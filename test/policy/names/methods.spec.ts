import { RequestMethod } from '@nestjs/common';
import { add } from '../../../lib/policy/add.js';
import { problem } from '../../../lib/issues/problem.js';
import { isForbiddenMethod, readMethods } from '../../../lib/policy/names/methods.js';
import { read } from '../../support/policy.js';

const replace = (...items: readonly string[]) => ({ result: { mode: 'replace', items }, problems: [] });

describe('The methods option', () => {
  it.each([
    ['a list', ['GET', 'PUT'], replace('GET', 'PUT')],
    ['one method', 'PUT', replace('PUT')],
    [
      "Nest's comma-separated string",
      'GET,HEAD,PUT,PATCH,POST,DELETE',
      replace(...'GET HEAD PUT PATCH POST DELETE'.split(' ')),
    ],
    ['spaces beside the commas', ' GET, PUT ', replace('GET', 'PUT')],
    ['the safelisted methods', ['GET', 'HEAD', 'POST'], replace('GET', 'HEAD', 'POST')],
    ['an extension method', ['PROPFIND', 'PURGE'], replace('PROPFIND', 'PURGE')],
    ['an addition', add('PUT'), { result: { mode: 'add', items: ['PUT'] }, problems: [] }],
  ])('takes %s', (_, value, expected) => {
    expect(read(readMethods, value)).toEqual(expected);
  });

  it('warns of a method that Node.js cannot parse', () => {
    const { result, problems } = read(readMethods, ['PUT', 'X-DO']);
    expect(result).toEqual({ mode: 'replace', items: ['PUT', 'X-DO'] });
    expect(problems).toEqual([
      expect.objectContaining({ code: 'method_unparsable', path: 'methods[1]', value: 'X-DO' }),
    ]);
  });

  it.each([
    ['an empty list', [], problem('methods_empty', 'methods', [])],
    ['an empty string', '', problem('methods_empty', 'methods', '')],
    ['an empty addition', add(), problem('methods_empty', 'methods', add())],
    ['an asterisk', '*', problem('method_any', 'methods', '*')],
    ['an asterisk in a list', ['*'], problem('method_any', 'methods[0]', '*')],
    ['an asterisk among others', 'GET,*', problem('method_any', 'methods', '*')],
    ['true', true, problem('methods_type', 'methods', true)],
    ['null', null, problem('methods_type', 'methods', null)],
    ['an object', { 0: 'GET' }, problem('methods_type', 'methods', { 0: 'GET' })],
    ['two methods in one entry', ['GET,PUT'], problem('method_invalid', 'methods[0]', 'GET,PUT', "'GET', 'PUT'")],
    ['an empty entry', ['GET', ''], problem('name_empty', 'methods[1]', '')],
    ['an empty element', 'GET,,PUT', problem('names_text', 'methods', 'GET,,PUT', "['GET', 'PUT']")],
    ['a comma at the end', 'GET,POST,', problem('names_text', 'methods', 'GET,POST,', "['GET', 'POST']")],
    ['bars', 'GET|POST', problem('names_text', 'methods', 'GET|POST', "['GET', 'POST']")],
    ['spaces alone', 'GET POST', problem('names_text', 'methods', 'GET POST', "['GET', 'POST']")],
    ['every method by name', 'ALL', problem('method_any', 'methods', 'ALL')],
    ['the name of a value', ['undefined'], problem('name_value', 'methods[0]', 'undefined')],
    ['a null entry', [null], problem('option_null', 'methods[0]', null)],
    ['a space', ['GET '], problem('method_invalid', 'methods[0]', 'GET ', "'GET'")],
    ['a newline', ['GET\n'], problem('method_invalid', 'methods[0]', 'GET\n', "'GET'")],
    ['a number', [77], problem('method_invalid', 'methods[0]', 77)],
    ['RequestMethod.HEAD', [RequestMethod.HEAD], problem('method_invalid', 'methods[0]', 7, "'HEAD'")],
    ['RequestMethod.ALL', [RequestMethod.ALL], problem('method_any', 'methods[0]', 5)],
    ['a hole', Array(1), problem('option_undefined', 'methods[0]', undefined)],
    ['an undefined entry', [undefined], problem('option_undefined', 'methods[0]', undefined)],
    ['CONNECT', ['CONNECT'], problem('method_forbidden', 'methods[0]', 'CONNECT')],
    ['TRACE', ['TRACE'], problem('method_forbidden', 'methods[0]', 'TRACE')],
    ['track, in any case', ['Track'], problem('method_forbidden', 'methods[0]', 'Track')],
    ['a lower-case method', ['get'], problem('method_case', 'methods[0]', 'get', 'GET')],
    ['a mixed-case method', 'GET,Patch', problem('method_case', 'methods', 'Patch', 'PATCH')],
  ])('refuses %s', (_, value, expected) => {
    expect(read(readMethods, value)).toEqual({ result: undefined, problems: [expected] });
  });

  it('tells every bad entry', () => {
    expect(read(readMethods, ['get', 'PUT', 'TRACE', 'x y'])).toEqual({
      result: undefined,
      problems: [
        problem('method_case', 'methods[0]', 'get', 'GET'),
        problem('method_forbidden', 'methods[2]', 'TRACE'),
        problem('method_invalid', 'methods[3]', 'x y', "'x', 'y'"),
      ],
    });
  });

  it('drops a method that is listed twice, with a warning', () => {
    expect(read(readMethods, ['GET', 'PUT', 'GET'])).toEqual({
      result: { mode: 'replace', items: ['GET', 'PUT'] },
      problems: [problem('method_duplicate', 'methods[2]', 'GET')],
    });
  });

  it('warns of OPTIONS, which no preflight needs', () => {
    expect(read(readMethods, ['GET', 'OPTIONS'])).toEqual({
      result: { mode: 'replace', items: ['GET', 'OPTIONS'] },
      problems: [problem('method_options', 'methods[1]', 'OPTIONS')],
    });
  });
});

describe('isForbiddenMethod', () => {
  it.each([
    ['CONNECT', true],
    ['connect', true],
    ['Trace', true],
    ['TRACK', true],
    ['GET', false],
    ['TRACER', false],
    ['', false],
  ])('%j: %s', (method, expected) => {
    expect(isForbiddenMethod(method)).toBe(expected);
  });
});
