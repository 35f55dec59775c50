import type { ResolverAnswer } from '../decision/reason.js';
import type { CorsRequestContext } from '../policy/resolver.js';

/**
 * Calls a resolver about an origin: an answer, or the promise of one where it comes later. Never throws or rejects. Each
 * layer around a resolver has this shape, so that another one, such as a cache, is one file more.
 */
export type Ask = (origin: string, context: CorsRequestContext) => ResolverAnswer | Promise<ResolverAnswer>;

/** Why a resolver gave no answer. */
export type ResolverFault = 'threw' | 'rejected' | 'timed-out' | 'not-boolean' | 'too-many-open';

/** Called for each fault; `cause` is what was thrown or answered, or the limit that was reached. */
export type ReportFault = (fault: ResolverFault, cause: unknown) => void;
