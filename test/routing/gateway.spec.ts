import { handshakeTarget } from '../../lib/routing/gateway.js';

describe('The target of a handshake', () => {
  it.each<[string, string | undefined, boolean]>([
    ['/events', '/events', true],
    ['/events?x=//y', '/events', true],
    ['/caf%C3%A9', '/caf%C3%A9', true],
    ['http://other.example/events', '/events', true],
    ['//x/events', '/events', false],
    ['/a/../events', '/events', false],
    ['/%2e/events', '/events', false],
    ['/\\x/events', '/events', false],
    ['/events;a', '/events;a', false],
    ['/a%2Fb', '/a%2Fb', false],
    // What `new URL()` escapes, nobody else does.
    ['/"events', '/%22events', false],
    ['*', '/*', false],
    ['http://[', undefined, false],
  ])('%s is read as %s by the adapter, and plain: %s', (url, pathname, isPlain) => {
    expect(handshakeTarget(url, 'api.example')).toEqual({ url, pathname, isPlain });
  });

  it.each(['', '[::1', 'a b', '/'])('is read by its path where Host is %j', host => {
    expect(handshakeTarget('//x/events', host).pathname).toBe('/events');
  });
});
