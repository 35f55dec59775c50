import { problem, type Problem } from '../../issues/problem.js';
import { readWritten } from '../../routing/path-readings.js';
import { encode, sampleOf } from '../../routing/path-rules.js';
import { makeRequest } from '../../routing/route-matcher.js';
import { USUAL_METHODS } from '../../routing/methods.js';
import type { MergedRule } from '../compile-rows.js';
import type { ExploredApp } from '../explorer.js';

/**
 * Warns of a rule in `routes` that has no effect, or less than it seems to have.
 *
 * @param earlier the rules before it
 */
export function reportIneffectiveRule(
  { at, path, pattern }: MergedRule,
  earlier: readonly MergedRule[],
  app: Pick<ExploredApp, 'routes' | 'matcher' | 'gatewayPaths'>,
  report: (problem: Problem) => void,
): void {
  const warn = (code: 'rule_covered' | 'rule_shadowed' | 'rule_for_gateway', fix?: string) =>
    report(problem(code, `${at}.path`, path, fix));
  const sample = readWritten(sampleOf(path.startsWith('/') ? path : `/${path}`));
  // In any case: a path that matches the earlier rule in another case is in doubt.
  const covering = earlier.find(rule => rule.pattern.matchesInAnyCase(sample));
  if (covering !== undefined) warn('rule_covered', covering.path);
  if (isServed(path, app)) warn('rule_shadowed');
  if (app.gatewayPaths.some(each => pattern.matches(`${each}/any`))) warn('rule_for_gateway');
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
