import { problem } from '../../issues/problem.js';
import { samePolicy } from '../../policy/same-policy.js';
import { readWritten } from '../../routing/path-readings.js';
import { encode, sampleOf } from '../../routing/path-rules.js';
import type { Gateway } from '../../routing/gateway.js';
import { makeRequest } from '../../routing/route-matcher.js';
import { USUAL_METHODS } from '../../routing/methods.js';
import type { ExploredApp } from '../explorer.js';
import type { Warning } from './warning.js';

/** A rule in `routes` that has no effect, or less than it seems to have. */
const ineffective: Warning = ({ app, rules, report }) => {
  for (const [index, { at, path, pattern }] of rules.entries()) {
    const warn = (code: 'rule_covered' | 'rule_shadowed' | 'rule_for_gateway', fix?: string) =>
      report({ level: 'route', rule: path }, problem(code, `${at}.path`, path, fix));
    const sample = readWritten(sampleOf(path.startsWith('/') ? path : `/${path}`));
    // In any case: a path that matches the earlier rule in another case is in doubt.
    const covering = rules.slice(0, index).find(rule => rule.pattern.matchesInAnyCase(sample));
    if (covering !== undefined) warn('rule_covered', covering.path);
    if (isServed(path, app)) warn('rule_shadowed');
    if (app.gateways.some(each => isPolled(each) && pattern.matches(`${each.path}/any`))) warn('rule_for_gateway');
  }
};

function isPolled({ kind, port }: Gateway): boolean {
  return kind === 'socket.io' && port === undefined;
}

/** A rule whose path lacks the app's prefix, or has one too many: something else is registered there. */
const misprefixed: Warning = ({ app, rules, report }) => {
  for (const { at, path } of rules) {
    const base = baseOf(path);
    if (base === '/' || app.isRegistered(base)) continue;
    // Files are often at the root, beside controllers of the same name under the prefix.
    const isController = (each: string) => path !== base && app.routes.some(route => route.path === each);
    const meant = withOtherPrefix(base, app.prefix).find(each => app.isRegistered(each) && !isController(each));
    if (meant === undefined) continue;
    report({ level: 'route', rule: path }, problem('rule_prefix', `${at}.path`, path, meant + path.slice(base.length)));
  }
};

/** The path of a rule without its parameters. */
function baseOf(path: string): string {
  const text = path.startsWith('/') ? path : `/${path}`;
  return text.replace(/[:*{(].*$/s, '').replace(/(?<=.)\/$/, '');
}

/** First segments that are prefixes, whatever the app's is. */
const USUAL_PREFIX = /^\/(?:api|v\d+)(?=\/)/;

/** A path with the app's prefix, or without the prefix that it has. */
function withOtherPrefix(path: string, prefix: string): readonly string[] {
  if (prefix !== '' && path.startsWith(`${prefix}/`)) return [path.slice(prefix.length)];
  const rest = path.replace(USUAL_PREFIX, '');
  return [...(prefix === '' ? [] : [`${prefix}${path}`]), ...(rest === path ? [] : [rest])];
}

/** A rule for a page of Swagger's, and none for the document that the page loads. */
const withoutDocument: Warning = ({ app, rules, rows, report }) => {
  const isRuled = (path: string) => rules.some(({ pattern }) => pattern.matches(path));
  for (const [index, { at, path }] of rules.entries()) {
    const policy = rows.rules.entries[index]?.policy;
    if (policy === undefined || samePolicy(policy, rows.module)) continue;
    const documents = [`${baseOf(path)}-json`, `${baseOf(path)}-yaml`].filter(
      document => !isRuled(document) && app.isRegistered(document),
    );
    if (documents.length === 0) continue;
    const fix = documents.join("', '");
    report({ level: 'route', rule: path }, problem('rule_without_document', `${at}.path`, path, fix));
  }
};

export const RULE_WARNINGS = [ineffective, misprefixed, withoutDocument];

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
