/** The requests that everything is measured with. */
export const ORIGIN = 'https://app.example.com';
export const FOREIGN_ORIGIN = 'https://evil.example.org';

export const PREFLIGHT = {
  origin: ORIGIN,
  'access-control-request-method': 'PUT',
  'access-control-request-headers': 'authorization,content-type',
};
