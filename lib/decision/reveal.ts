import type { Policy } from '../policy/compile.js';
import { headerList, type CorsHeaders } from '../policy/response.js';
import { findPreflightFault, isSafelistedMethod } from './browser-check.js';
import { PREFLIGHT_VARY } from './cors-headers.js';
import { allowsScript, isScriptableMethod, judgeOrigin, needsResolver } from './reason.js';
import { findHeaderFault, missingHeaders } from './request-headers.js';
import type { CorsRequest } from './request.js';
import type { PreflightVerdict, Resource } from './resource.js';

/**
 * With `debug`: the answer to a refused preflight of an allowed origin that makes the browser name the method or the
 * header at fault, in place of the missing `Access-Control-Allow-Origin`. It has an ok status and what the policy does
 * allow, so it is only used if the browser's own check still fails. It has no max-age: a browser caches no answer that
 * failed its check.
 *
 * Browsers skip the list of methods for GET, HEAD and POST (Fetch §4.8): a refusal of these has no such answer.
 *
 * @returns the verdict itself where no answer names the reason
 */
export function reveal(verdict: PreflightVerdict, request: CorsRequest, resource: Resource): PreflightVerdict {
  const { origin, requestMethod = '', requestHeaders = '' } = request;
  if (origin === undefined || !NAMED_BY_BROWSERS.has(verdict.reason) || !isScriptableMethod(requestMethod)) {
    return verdict;
  }
  // Browsers send these without looking at the list of methods.
  if (verdict.reason !== 'header-not-allowed' && isSafelistedMethod(requestMethod)) return verdict;
  const policy = verdict.policy ?? policyFor(origin, resource);
  if (policy === undefined || judgeOrigin(origin, policy, verdict.answer) !== 'allowed') return verdict;
  if (findHeaderFault(requestHeaders, policy.allowedHeaders)?.fault === 'headers-malformed') return verdict;
  const headers = answerOf(policy, resource);
  const announced = missingHeaders(requestHeaders, NO_NAMES).map(name => name.toLowerCase());
  const answer = Object.fromEntries(headerList(headers, origin).map(([name, value]) => [name.toLowerCase(), value]));
  const isSafe = [true, false].every(
    withCredentials =>
      findPreflightFault({ origin, method: requestMethod, headers: announced, withCredentials }, answer) !== undefined,
  );
  return isSafe ? { ...verdict, policy, headers, status: policy.status, isRevealing: true } : verdict;
}

const NAMED_BY_BROWSERS: ReadonlySet<PreflightVerdict['reason']> = new Set([
  'method-not-allowed',
  'method-not-routed',
  'header-not-allowed',
]);
const NO_NAMES: ReadonlySet<string> = new Set();

/** A policy of the path that allows an origin, or whose resolver may. */
export function policyFor(origin: string | undefined, { methods }: Resource): Policy | undefined {
  const policies = methods.flatMap(({ candidates }) => candidates.map(({ policy }) => policy));
  return policies.find(policy => judgeOrigin(origin, policy) === 'allowed' || needsResolver(origin, policy));
}

/** What a policy allows at a path, without a max-age. */
function answerOf({ answerKey, allowed, preflight }: Policy, { methods }: Resource): CorsHeaders {
  const listed = methods.filter(({ method, candidates }) =>
    candidates.some(({ policy }) => policy.answerKey === answerKey && allowsScript(method, policy)),
  );
  const allowMethods = listed.map(({ method }) => method).join(', ');
  return {
    allowOrigin: allowed.allowOrigin,
    headers: [...preflight, ...(allowMethods === '' ? [] : [['Access-Control-Allow-Methods', allowMethods] as const])],
    vary: PREFLIGHT_VARY,
    companions: undefined,
  };
}
