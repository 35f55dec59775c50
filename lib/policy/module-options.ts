import { problem, type Problem } from './issue.js';
import type { PolicyLevel } from './merge.js';
import { INVALID, readKey, readPolicy } from './stated.js';

/** What `CorsModule.forRoot()` states, parsed. */
export interface StatedModule {
  readonly level: PolicyLevel;
  readonly policies: ReadonlyMap<string, PolicyLevel>;
  readonly debug: boolean;
}

/** Reports a problem of the module's own policy, or of the named policy that is given. */
export type ReportModule = (found: Problem, policy?: string) => void;

const MODULE_KEYS = ['policies', 'debug'] as const;

/** Reads the module's options, whatever they are; every problem is reported, none is thrown. */
export function readModuleOptions(options: unknown, production: boolean, report: ReportModule): StatedModule {
  const readable = typeof options === 'object' && options !== null && !Array.isArray(options) ? options : undefined;
  const stated = readPolicy(options, report, MODULE_KEYS);
  const debug = readable && readKey(readable, 'debug', report);
  if (debug !== undefined && debug !== INVALID && typeof debug !== 'boolean') {
    report(problem('boolean_type', 'debug', debug));
  }
  if (debug === true && production) report(problem('debug_in_production', 'debug', true));
  return {
    level: { source: 'module', stated },
    policies: readPolicies(readable && readKey(readable, 'policies', report), report),
    debug: debug === true,
  };
}

function readPolicies(value: unknown, report: ReportModule): ReadonlyMap<string, PolicyLevel> {
  const policies = new Map<string, PolicyLevel>();
  if (value === undefined || value === INVALID) return policies;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(problem('policies_type', 'policies', value));
    return policies;
  }
  for (const name of Object.keys(value)) {
    const options: unknown = readKey(value, name, found => report({ ...found, path: `policies.${found.path}` }));
    if (options === INVALID) continue;
    const stated = readPolicy(options, found => report(found, name));
    policies.set(name, { source: `policy:${name}`, stated, replaces: true });
  }
  return policies;
}
