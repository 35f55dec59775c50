import type { Parameters } from 'fast-check';
import { atLength } from './length.js';

/** A fixed seed, so that a run can be repeated; `FAST_CHECK_SEED=$RANDOM npm test` looks elsewhere. */
const SEED = Number(process.env['FAST_CHECK_SEED'] ?? 20_201_104);

/**
 * How often a property is tried.
 *
 * @param numRuns at length; else a quarter of it
 */
export function runs<T>(numRuns: number): Parameters<T> {
  return { numRuns: atLength(numRuns, Math.ceil(numRuns / 4)), seed: SEED };
}
