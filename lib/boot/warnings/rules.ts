import type { CorsIssueLocation } from '../../issues/location.js';
import { problem, type Problem } from '../../issues/problem.js';
import { readWritten } from '../../routing/path-readings.js';
import { encode, sampleOf } from '../../routing/path-rules.js';
import { makeRequest } from '../../routing/route-matcher.js';
import { USUAL_METHODS } from '../../routing/methods.js';
import type { MergedRule } from '../compile-rows.js';
import type { ExploredApp } from '../explorer.js';

/** Warns of rules in `routes` that have no effect, or less than they seem to have. */
export function reportIneffectiveRules(
  app: Pick<ExploredApp, 'routes' | 'matcher' | 'gatewayPaths'>,
  rules: readonly MergedRule[],
  report: (location: CorsIssueLocation, problem: Problem) => void,
): void {
  for (const [index, { at, path, pattern }] of rules.entries()) {
    const warn = (code: 'rule_covered' | 'rule_shadowed' | 'rule_for_gateway', fix?: string) =>
      report({ level: 'route', rule: path }, problem(code, `${at}.path`, path, fix));
    const sample = readWritten(sampleOf(path.startsWith('/') ? path : `/${path}`));
    // In any case: a path that matches the earlier rule in another case is in doubt.
    const earlier = rules.slice(0, index).find(rule => rule.pattern.matchesInAnyCase(sample));
    if (earlier !== undefined) warn('rule_covered', earlier.path);
    if (isServed(path, app)) warn('rule_shadowed');
    if (app.gatewayPaths.some(each => pattern.matches(`${each}/any`))) warn('rule_for_gateway');
  }
}

/** Whether a controller's route serves the path of a rule. */
function isServed(path: string, { routes, matcher }: Pick<ExploredApp, 'routes' | 'matcher'>): boolean {
  if (routes.some(route => route.path === path)) return true;
  if (matcher === undefined || /[:*{}()\\]/.test(path)) return false;
  const url = encode(readWritten(path));
  return USUAL_METHODS.some(method =>
    matcher
      .match(makeRequest({ method, url }))
      .flat()
      .some(route => route !== undefined),
  );
}
