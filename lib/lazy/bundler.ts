import * as levenshtein from 'fastest-levenshtein';
import findMyWay from 'find-my-way';
import * as tldts from 'tldts';
import * as yaml from 'yaml';
import type { OnDemandPackages } from './packages.js';

/** {@inheritDoc OnDemandPackages} */
export const onDemand: OnDemandPackages = {
  findMyWay: () => findMyWay,
  levenshtein: () => levenshtein,
  tldts: () => tldts,
  yaml: () => yaml,
};
