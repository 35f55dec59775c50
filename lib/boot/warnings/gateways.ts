import { GATEWAY_POLICY } from '../../cors.constants.js';
import { problem } from '../../issues/problem.js';
import type { Policy } from '../../policy/compile.js';
import { POLICY_OPTIONS } from '../../policy/fields.js';
import { samePolicy } from '../../policy/same-policy.js';
import { issueRouteOf } from '../../registry/route.js';
import type { Gateway } from '../../routing/gateway.js';
import { namedByGateway } from '../gateway-names.js';
import { HANDSHAKE_OPTIONS } from '../handshake-level.js';
import type { Warning } from './warning.js';

/** A gateway that every page may connect to, by a policy that is not the whole app's. */
const openToAll: Warning = ({ gateways, reportAt }) => {
  for (const { gateway, merged } of gateways) {
    const { value, level } = merged.origin;
    if (value !== '*' || level === undefined || level.source === 'module') continue;
    reportAt(level, problem('gateway_any_origin', 'origin', '*'), issueRouteOf(gateway));
  }
};

/** Gateways with one path, and so with one handshake, that do not agree who may connect. */
const disagreeing: Warning = ({ rows, report }) => {
  const { gateways } = rows.handshakes;
  for (const { gateway, policy } of gateways) {
    const { path } = gateway;
    const sharing = gateways.filter(each => each.gateway.path === path);
    if (sharing.every(each => samePolicy(each.policy, policy))) continue;
    report({ level: 'app' }, problem('gateways_differ', path, path), issueRouteOf(gateway));
  }
};

/** The `cors` option of socket.io gives headers to origins whose handshakes are refused. */
const wider: Warning = ({ rows, report }) => {
  for (const { gateway, policy } of rows.handshakes.gateways) {
    const named = rows.named.get(namedByGateway(gateway) ?? '');
    const origin = gateway.kind === 'socket.io' ? corsOriginOf(gateway, named) : undefined;
    const refused = origin === undefined ? undefined : firstRefused(origin, policy);
    if (refused === undefined) continue;
    const { name } = gateway.controller;
    report(
      { level: 'app' },
      problem('gateway_cors_wider', name, name, refused === '*' ? undefined : refused),
      issueRouteOf(gateway),
    );
  }
};

/** A gateway that is on another server than the app's: nothing looks at its handshakes. */
const elsewhere: Warning = ({ app, options, report }) => {
  if (options.app.handshakes === false) return;
  for (const { port, controller } of app.gateways) {
    const { name } = controller;
    if (port !== undefined) report({ level: 'app' }, problem('gateway_port', name, name));
  }
};

/** An option that says nothing about a handshake. */
const ignored: Warning = ({ gateways, reportAt }) => {
  for (const { gateway, levels } of gateways) {
    for (const level of levels.filter(({ source }) => source === 'controller')) {
      for (const option of POLICY_OPTIONS) {
        if (HANDSHAKE_OPTIONS.includes(option) || level.options[option] === undefined) continue;
        reportAt(level, problem('gateway_option_ignored', option, undefined), issueRouteOf(gateway));
      }
    }
  }
};

export const GATEWAY_WARNINGS = [openToAll, disagreeing, wider, elsewhere, ignored];

/** The origins that a gateway's own `cors` allows: `'*'` or a list; `undefined` for what only a request shows. */
function corsOriginOf({ cors }: Gateway, named: Policy | undefined): '*' | readonly string[] | undefined {
  if (named !== undefined) return named.values.origin === false ? [] : named.values.origin;
  if (cors === true) return '*';
  if (typeof cors !== 'object' || cors === null) return undefined;
  const { [GATEWAY_POLICY]: policy, origin = '*' } = cors as { [GATEWAY_POLICY]?: Policy; origin?: unknown };
  if (policy !== undefined) return policy.values.origin === false ? [] : policy.values.origin;
  if (origin === true || origin === '*') return '*';
  return [origin].flat().filter(each => typeof each === 'string');
}

/** One of the origins whose handshakes a policy refuses. */
function firstRefused(origin: '*' | readonly string[], policy: Policy): string | undefined {
  const { origin: allowed } = policy.values;
  // What a resolver allows is not known.
  if (allowed === '*' || policy.resolver !== undefined) return undefined;
  if (origin === '*') return '*';
  const matches = typeof policy.origin === 'function' ? policy.origin : () => false;
  return origin.find(each => !(allowed !== false && allowed.includes(each)) && !matches(each));
}
