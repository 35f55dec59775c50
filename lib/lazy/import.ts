import { createRequire } from 'node:module';
import type { OnDemandPackages } from './packages.js';

/** {@inheritDoc OnDemandPackages} */
export const onDemand: OnDemandPackages = {
  findMyWay: () => load('find-my-way') as ReturnType<OnDemandPackages['findMyWay']>,
  levenshtein: () => load('fastest-levenshtein') as ReturnType<OnDemandPackages['levenshtein']>,
  tldts: () => load('tldts') as ReturnType<OnDemandPackages['tldts']>,
  yaml: () => load('yaml') as ReturnType<OnDemandPackages['yaml']>,
};

/** If a bundler uses this file after all, `import.meta` may be empty: that must not fail before a package is needed. */
function load(name: string): unknown {
  return createRequire(import.meta.url)(name);
}
