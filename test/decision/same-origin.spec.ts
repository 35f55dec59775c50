import { isFromElsewhere, selfOriginsOf, type RequestSite } from '../../lib/decision/same-origin.js';

function site(values: Partial<RequestSite>): RequestSite {
  return {
    method: 'GET',
    origin: undefined,
    secFetchSite: undefined,
    secFetchMode: undefined,
    secFetchStorageAccess: undefined,
    scheme: 'https',
    host: 'api.example.com',
    ...values,
  };
}

describe('isFromElsewhere, by the Host of the request', () => {
  it.each([
    ['no origin', {}],
    ['no origin and a safe method, whatever Sec-Fetch-Site says', { secFetchSite: 'cross-site' }],
    ['no origin and HEAD', { method: 'HEAD', secFetchSite: 'cross-site' }],
    ['no origin, from a client that is no browser', { method: 'POST' }],
    ['no origin, from a page of its own', { method: 'POST', secFetchSite: 'same-origin' }],
    ['no origin, by the user', { method: 'POST', secFetchSite: 'none' }],
    [
      'an image that has an origin beside Sec-Fetch-Storage-Access alone',
      {
        origin: 'https://app.example.com',
        secFetchSite: 'cross-site',
        secFetchMode: 'no-cors',
        secFetchStorageAccess: 'active',
      },
    ],
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
    expect(isFromElsewhere(site(values), undefined)).toBe(false);
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
    ['no origin and an unsafe method, from another site', { method: 'POST', secFetchSite: 'cross-site' }],
    ['no origin and an unsafe method, from the same site', { method: 'DELETE', secFetchSite: 'same-site' }],
    ['no host', { origin: 'https://api.example.com', host: '' }],
    ['neither a host nor a name in the origin', { origin: 'https://', host: '' }],
    [
      'a script beside Sec-Fetch-Storage-Access',
      { origin: 'https://app.example.com', secFetchMode: 'cors', secFetchStorageAccess: 'active' },
    ],
    [
      'a form beside Sec-Fetch-Storage-Access',
      {
        method: 'POST',
        origin: 'https://app.example.com',
        secFetchMode: 'no-cors',
        secFetchStorageAccess: 'active',
      },
    ],
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
    expect(isFromElsewhere(site(values), undefined)).toBe(true);
  });
});

describe('isFromElsewhere, by the origins of the app', () => {
  const self = selfOriginsOf(['https://api.example.com', 'http://localhost:3000']);
  const rebound = { host: 'rebind.example.net' };

  it.each<[string, Partial<RequestSite>]>([
    ['an origin of the app', { origin: 'https://api.example.com' }],
    ['an origin of the app, at another host', { origin: 'https://api.example.com', ...rebound }],
    ['an origin of the app, from the same site', { origin: 'http://localhost:3000', secFetchSite: 'same-site' }],
    ['null, from its own page, at its own host', { method: 'POST', origin: 'null', secFetchSite: 'same-origin' }],
    [
      'the same with the default port',
      { method: 'POST', origin: 'null', secFetchSite: 'same-origin', host: 'API.example.com:443' },
    ],
    [
      'the same at a port of its own',
      { method: 'POST', origin: 'null', secFetchSite: 'same-origin', host: 'localhost:3000' },
    ],
    ['no origin, from its own page, at its own host', { method: 'POST', secFetchSite: 'same-origin' }],
    ['no origin and a safe method, at another host', rebound],
    ['no origin, from a client that is no browser', { method: 'POST', ...rebound }],
    ['no origin, by the user', { method: 'POST', secFetchSite: 'none', ...rebound }],
  ])('is false with %s', (_, values) => {
    expect(isFromElsewhere(site(values), self)).toBe(false);
  });

  it.each<[string, Partial<RequestSite>]>([
    ['the origin of the host alone', { origin: 'https://rebind.example.net', ...rebound }],
    [
      "the same, with the browser's word for it",
      { origin: 'https://rebind.example.net', secFetchSite: 'same-origin', ...rebound },
    ],
    ['null at a host of its own', { origin: 'null' }],
    ['null, from a page of the host, at another host', { origin: 'null', secFetchSite: 'same-origin', ...rebound }],
    ['null, from another site', { origin: 'null', secFetchSite: 'cross-site' }],
    [
      'no origin, from a page of the host, at another host',
      { method: 'POST', secFetchSite: 'same-origin', ...rebound },
    ],
    ['no origin, from another site', { method: 'PUT', secFetchSite: 'cross-site' }],
    ['no origin, and a word that no browser says', { method: 'PUT', secFetchSite: 'Same-Origin' }],
    ['its own host at another port', { origin: 'null', secFetchSite: 'same-origin', host: 'api.example.com:8443' }],
    ['no host', { origin: 'null', secFetchSite: 'same-origin', host: '' }],
    ['an origin of the app in another case', { origin: 'https://API.example.com' }],
  ])('is true with %s', (_, values) => {
    expect(isFromElsewhere(site(values), self)).toBe(true);
  });
});
