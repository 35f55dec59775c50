import type { OnDemandPackages } from './packages.js';

/** {@inheritDoc OnDemandPackages} */
export const onDemand: OnDemandPackages = {
  findMyWay: () => require('find-my-way'),
  levenshtein: () => require('fastest-levenshtein'),
  tldts: () => require('tldts'),
  yaml: () => require('yaml'),
};
