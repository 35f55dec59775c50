import { isCrossOrigin, type RequestSite } from '../../lib/protocol/same-origin.js';

function site(values: Partial<RequestSite>): RequestSite {
  return { origin: undefined, secFetchSite: undefined, scheme: 'https', host: 'api.example.com', ...values };
}

describe('isCrossOrigin', () => {
  it.each([
    ['no origin', {}],
    ['no origin, whatever Sec-Fetch-Site says', { secFetchSite: 'cross-site' }],
    ['the origin of its own host', { origin: 'https://api.example.com' }],
    ['its own port', { origin: 'https://api.example.com:8443', host: 'api.example.com:8443' }],
    ['a host with the default port of https', { origin: 'https://api.example.com', host: 'api.example.com:443' }],
    [
      'a host with the default port of http',
      { origin: 'http://api.example.com', host: 'api.example.com:80', scheme: 'http' },
    ],
    ['a host in another case', { origin: 'https://api.example.com', host: 'API.Example.com' }],
    ['an address', { origin: 'http://[::1]:3000', host: '[::1]:3000', scheme: 'http' }],
    ['an address with the default port', { origin: 'http://[::1]', host: '[::1]:80', scheme: 'http' }],
    [
      "the browser's word for it, behind a proxy that hides the scheme",
      { origin: 'https://api.example.com', scheme: 'http', secFetchSite: 'same-origin' },
    ],
    ['a navigation of the user', { origin: 'https://api.example.com', secFetchSite: 'none' }],
  ])('is false with %s', (_, values) => {
    expect(isCrossOrigin(site(values))).toBe(false);
  });

  it.each([
    ['another host', { origin: 'https://app.example.com' }],
    ['another scheme', { origin: 'http://api.example.com' }],
    ['another port', { origin: 'https://api.example.com:8443' }],
    ['no port where the host has one', { origin: 'https://api.example.com', host: 'api.example.com:8443' }],
    [
      'no port where the host has the default port of the other scheme',
      { origin: 'https://api.example.com', host: 'api.example.com:80' },
    ],
    [
      'a port that ends like the default',
      { origin: 'http://api.example.com', host: 'api.example.com:8080', scheme: 'http' },
    ],
    ['null', { origin: 'null' }],
    ['an empty origin', { origin: '' }],
    ['an origin in upper case', { origin: 'https://API.example.com', host: 'API.example.com' }],
    ['a default port that no browser writes', { origin: 'https://api.example.com:443', host: 'api.example.com:443' }],
    ['a path', { origin: 'https://api.example.com/' }],
    ['its own origin twice', { origin: 'https://api.example.com, https://api.example.com' }],
    ["the browser's word: same-site", { origin: 'https://api.example.com', secFetchSite: 'same-site' }],
    ["the browser's word: cross-site", { origin: 'https://api.example.com', secFetchSite: 'cross-site' }],
    [
      'a word of Sec-Fetch-Site that no browser says',
      { origin: 'https://app.example.com', secFetchSite: 'Same-Origin' },
    ],
    ['another host, in a navigation of the user', { origin: 'https://app.example.com', secFetchSite: 'none' }],
    ['another scheme that the app does not know', { origin: 'https://api.example.com', scheme: 'constructor' }],
  ])('is true with %s', (_, values) => {
    expect(isCrossOrigin(site(values))).toBe(true);
  });
});
