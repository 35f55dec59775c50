import type { CorsRequestContext } from '../policy/options.js';
import type { ResolverAnswer } from '../protocol/decision.js';

/**
 * Asks about an origin. An answer that is known at once is no promise; no promise rejects. Each layer around a resolver
 * has this shape, so that a cache or a store that instances share is one layer more.
 */
export type Ask = (origin: string, context: CorsRequestContext) => ResolverAnswer | Promise<ResolverAnswer>;

/** Why a resolver gave no answer. */
export type ResolverFault = 'threw' | 'rejected' | 'timed-out' | 'not-boolean';

/** Told of each fault; `cause` is what was thrown or answered. */
export type ReportFault = (fault: ResolverFault, cause: unknown) => void;
