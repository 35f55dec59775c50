/**
 * The packages that few apps need, or none in a given process. Together they take longer to load than all of this
 * package: each is loaded where it is first used, and that has to be synchronous.
 *
 * How that is done depends on who loads this package, so there are three files, and `scripts/build.mjs` puts the right
 * one into each build: `import.ts` for Node's `import`, `require.ts` for `require`, `bundler.ts` for bundlers, which
 * follow neither a `createRequire()` nor what it loads.
 */
export interface OnDemandPackages {
  /** Fastify has loaded it as well. */
  readonly findMyWay: () => typeof import('find-my-way');
  readonly levenshtein: () => Pick<typeof import('fastest-levenshtein'), 'closest' | 'distance'>;
  /** For patterns of origins. */
  readonly tldts: () => Pick<typeof import('tldts'), 'getPublicSuffix'>;
  /** For files of options. */
  readonly yaml: () => typeof import('yaml');
}
