import type { Parameters } from 'fast-check';

/** A fixed seed, so that a run can be repeated; `FAST_CHECK_SEED=$RANDOM npm test` looks elsewhere. */
const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 20_201_104);

/** How often a property is tried. */
export function runs<T>(numRuns: number): Parameters<T> {
  return { numRuns, seed: SEED };
}
