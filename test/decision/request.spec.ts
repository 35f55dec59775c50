import { corsRequestOf, isPreflight, type CorsRequest } from '../../lib/decision/request.js';

function request(values: Partial<CorsRequest>): CorsRequest {
  return { method: 'OPTIONS', origin: undefined, requestMethod: undefined, requestHeaders: undefined, ...values };
}

describe('corsRequestOf', () => {
  it('reads the three request headers of the CORS protocol, raw', () => {
    const headers = {
      origin: ' HTTPS://a.example ',
      'access-control-request-method': 'put',
      'access-control-request-headers': ' X-A ,,x-b',
      host: 'api.example',
    };
    expect(corsRequestOf('OPTIONS', headers)).toEqual({
      method: 'OPTIONS',
      origin: ' HTTPS://a.example ',
      requestMethod: 'put',
      requestHeaders: ' X-A ,,x-b',
    });
  });

  it('tells an absent header from an empty one', () => {
    expect(corsRequestOf('OPTIONS', {})).toEqual({
      method: 'OPTIONS',
      origin: undefined,
      requestMethod: undefined,
      requestHeaders: undefined,
    });
    const empty = { origin: '', 'access-control-request-method': '', 'access-control-request-headers': '' };
    const read = corsRequestOf('OPTIONS', empty);
    expect(read).toEqual({ method: 'OPTIONS', origin: '', requestMethod: '', requestHeaders: '' });
  });

  it('reads what announces a request of OPTIONS alone', () => {
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    const announced = { origin: 'https://a.example', requestHeaders: undefined };
    expect(corsRequestOf('GET', headers)).toEqual({ method: 'GET', requestMethod: undefined, ...announced });
    expect(corsRequestOf('OPTIONS', headers)).toEqual({ method: 'OPTIONS', requestMethod: 'PUT', ...announced });
  });

  it('joins lines that HTTP/2 presents apart, as Node joins those of HTTP/1', () => {
    const headers = {
      origin: ['https://a.example', 'https://b.example'],
      'access-control-request-method': ['PUT'],
      'access-control-request-headers': ['x-a', 'x-b,x-c'],
    };
    expect(corsRequestOf('OPTIONS', headers)).toEqual({
      method: 'OPTIONS',
      origin: 'https://a.example, https://b.example',
      requestMethod: 'PUT',
      requestHeaders: 'x-a, x-b,x-c',
    });
  });
});

describe('A preflight', () => {
  it.each([
    ['OPTIONS with an origin and a method', { origin: 'https://a.example', requestMethod: 'PUT' }],
    ['an origin that no policy could allow', { origin: 'null', requestMethod: 'PUT' }],
    ['an empty origin', { origin: '', requestMethod: 'PUT' }],
    ['an empty method, which is a malformed preflight', { origin: 'https://a.example', requestMethod: '' }],
    ['a method that is no token', { origin: 'https://a.example', requestMethod: 'P T' }],
    ['requested headers', { origin: 'https://a.example', requestMethod: 'PUT', requestHeaders: 'x-a' }],
  ])('is %s', (_, values) => {
    expect(isPreflight(request(values))).toBe(true);
  });

  it.each([
    ['an OPTIONS request without either header', {}],
    ['an OPTIONS request with an origin alone', { origin: 'https://a.example' }],
    ['an OPTIONS request with a method alone', { requestMethod: 'PUT' }],
    ['an OPTIONS request with requested headers alone', { origin: 'https://a.example', requestHeaders: 'x-a' }],
    ['a GET with every header of a preflight', { method: 'GET', origin: 'https://a.example', requestMethod: 'PUT' }],
    ['a POST with every header of a preflight', { method: 'POST', origin: 'https://a.example', requestMethod: 'PUT' }],
    ['an options request in lower case', { method: 'options', origin: 'https://a.example', requestMethod: 'PUT' }],
  ])('is not %s', (_, values) => {
    expect(isPreflight(request(values))).toBe(false);
  });
});
