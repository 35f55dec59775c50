import { createRequire } from 'node:module';
import type { OnDemandPackages } from './packages.js';

const require = createRequire(import.meta.url);

/** {@inheritDoc OnDemandPackages} */
export const onDemand: OnDemandPackages = {
  findMyWay: () => require('find-my-way'),
  levenshtein: () => require('fastest-levenshtein'),
  tldts: () => require('tldts'),
  yaml: () => require('yaml'),
};
