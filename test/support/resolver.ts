import type { CorsRequestContext } from 'nestjs-cors';

/** What a resolver is told of an actual request that no controller serves. */
export const CONTEXT: CorsRequestContext = Object.freeze({
  method: 'GET',
  url: '/cats?x=1',
  host: 'api.example',
  preflight: false,
  headers: Object.freeze({ origin: 'https://app.example', 'x-tenant': 'one', 'set-cookie': ['a', 'b'] }),
});
