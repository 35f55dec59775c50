import { policyFor } from '../decision/reveal.js';
import { methodIn } from '../decision/resource.js';
import type { Server } from '../registry/served.js';
import type { Route } from '../routing/route.js';
import type { CorsExchange } from './exchange.js';

/** Who refuses a request, for a person to read. */
export interface Refuser extends Server {
  /** A route at the same path, where none is known to serve the method. */
  readonly nearest?: Route | undefined;
}

/** Who refuses a preflight. Not for hot paths. */
export function refuserOf({ verdict, resource, origin, requestMethod = '' }: CorsExchange): Refuser | undefined {
  if (verdict === undefined || resource === undefined) return undefined;
  const policy = verdict.policy ?? policyFor(origin, resource);
  if (policy === undefined) return undefined;
  const servers = methodIn(resource, requestMethod)?.candidates[verdict.candidate]?.servers ?? [];
  const all = resource.methods.flatMap(({ candidates }) => candidates.flatMap(each => each.servers));
  return {
    policy,
    route: servers.find(each => each.policy === policy)?.route,
    nearest: all.find(({ route }) => route !== undefined)?.route,
  };
}
