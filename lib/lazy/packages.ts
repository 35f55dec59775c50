/**
 * Packages that few apps need, and often no process. Together they take longer to load than the rest of this package,
 * so each is loaded on first use. Loading has to be synchronous.
 *
 * Loading works differently for Node's `import`, for `require` and for bundlers, so there are three files: `import.ts`,
 * `require.ts` and `bundler.ts`. `scripts/build.mjs` puts the right one into each build. Bundlers do not follow
 * `createRequire()`, nor the packages that it loads.
 */
export interface OnDemandPackages {
  /** Fastify loads it as well. */
  readonly findMyWay: () => typeof import('find-my-way');
  readonly levenshtein: () => Pick<typeof import('fastest-levenshtein'), 'closest' | 'distance'>;
  /** For origin patterns. */
  readonly tldts: () => Pick<typeof import('tldts'), 'getPublicSuffix'>;
  /** For options files. */
  readonly yaml: () => typeof import('yaml');
}
