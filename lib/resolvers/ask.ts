import type { CorsRequestContext } from '../policy/resolver.js';
import type { ResolverAnswer } from '../decision/reason.js';

/** Called once, with an answer; throws nothing. */
export type Answered = (answer: ResolverAnswer) => void;

/**
 * Asks about an origin, and calls back: at once with what is known at once, or later. It is tempting to answer with a
 * promise; however, each layer would make one more, and each of those takes a turn of the microtask queue. Each layer
 * around a resolver has this shape, so that a cache or a store that instances share is one layer more.
 */
export type Ask = (origin: string, context: CorsRequestContext, done: Answered) => void;

/** Why a resolver gave no answer. */
export type ResolverFault = 'threw' | 'rejected' | 'timed-out' | 'not-boolean' | 'too-many-open';

/** Called for each fault; `cause` is what was thrown or answered, or the limit that was reached. */
export type ReportFault = (fault: ResolverFault, cause: unknown) => void;
