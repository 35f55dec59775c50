import { judgeOrigin, needsResolver, refine, type DetailedReason, type ResolverAnswer } from '../decision/reason.js';
import { isOwnHandshake } from '../decision/same-origin.js';
import type { HandshakeJudge } from './handshake-book.js';
import { whenKnown, type MaybePromise } from './maybe-promise.js';
import type { PolicyTable } from './policy-table.js';
import type { AskedRequest } from './served.js';

/** A WebSocket handshake, or a request of socket.io's long-polling. */
export interface Handshake extends AskedRequest {
  readonly method: string;
  /** The raw `Origin` header. */
  readonly origin: string | undefined;
}

/** Who refuses a handshake, and why. */
export interface HandshakeRefusal extends HandshakeJudge {
  readonly refused: DetailedReason;
}

/** Everyone who judges a handshake, and the first of them who refuses it. */
export interface JudgedHandshake {
  readonly judges: readonly HandshakeJudge[];
  readonly refusal: HandshakeRefusal | undefined;
}

/** Judges a handshake by its origin. Calls the resolvers at the same time: together they have as long as one of them. */
export function judgeHandshake(
  handshake: Handshake,
  table: Pick<PolicyTable, 'handshakes' | 'self' | 'askAboutHandshake'>,
): MaybePromise<JudgedHandshake> {
  const { origin, url, host, headers } = handshake;
  const rawHost = typeof headers['host'] === 'string' ? headers['host'] : host;
  const judges = table.handshakes.judgesOf(url, rawHost);
  // No browser leaves `Origin` out.
  if (origin === undefined || isOwnHandshake(origin, host, table.self)) return { judges, refusal: undefined };
  const refusalBy = (judge: HandshakeJudge, answer?: ResolverAnswer): HandshakeRefusal | undefined => {
    const reason = judgeOrigin(origin, judge.policy, answer);
    if (reason === 'allowed') return undefined;
    const request = { method: 'GET', origin, requestMethod: undefined, requestHeaders: undefined };
    return { ...judge, refused: refine(reason, request, judge.policy, answer) };
  };
  const asking = judges.filter(({ policy }) => needsResolver(origin, policy));
  const fixed = firstOf(judges.map(judge => (asking.includes(judge) ? undefined : refusalBy(judge))));
  if (fixed !== undefined || asking.length === 0) return { judges, refusal: fixed };
  const answers = asking.map(judge =>
    whenKnown(table.askAboutHandshake(judge, origin, handshake), answer => refusalBy(judge, answer)),
  );
  const decided = answers.some(each => each instanceof Promise) ? Promise.all(answers) : answers;
  return whenKnown(decided as MaybePromise<readonly (HandshakeRefusal | undefined)[]>, refusals => ({
    judges,
    refusal: firstOf(refusals),
  }));
}

function firstOf<Value>(values: readonly (Value | undefined)[]): Value | undefined {
  return values.find(each => each !== undefined);
}
