import { routeLabel } from '../issues/location.js';
import { printable, requestText } from '../issues/text.js';
import type { DetailedReason } from '../decision/reason.js';
import { remedyFor } from '../registry/remedy.js';
import { issueRouteOf } from '../registry/route.js';
import type { Server } from '../registry/served.js';
import type { PolicyTable } from '../registry/policy-table.js';
import type { Route } from '../routing/route.js';
import { HourlyBudget } from './hourly-budget.js';
import type { CorsExchange } from './exchange.js';
import type { Refuser } from './refuser.js';

/** How many names a line shows at most; the others are counted. */
const MOST_NAMES_SHOWN = 5;
/** How many names are kept for a route at most, so that memory does not grow with what is requested. */
const MOST_NAMES_KEPT = 16;
/** How many routes, origins and reasons are kept at most with `debug`. */
const MOST_UNREADABLE_KEPT = 1000;
const LINES_AN_HOUR = 100;

/** What was logged under one configuration. */
interface LoggedRefusals {
  /** Methods and header names, by the place that refused them: a route, a rule or a policy. */
  readonly names: Map<object, Set<string>>;
  /** Routes, origins and reasons, with `debug`. */
  readonly unreadable: Set<string>;
}

/** Logs refusals that a browser does not explain: each once, with what to type. */
export class RefusalLog {
  readonly #logged = new WeakMap<PolicyTable, LoggedRefusals>();
  readonly #budget = new HourlyBudget(LINES_AN_HOUR);

  constructor(private readonly warn: (line: string) => void) {}

  /**
   * An allowed origin may not use a method or a header: once for each place and name.
   *
   * @param refuser called only for what names a method or a header: most refusals do not
   */
  allowedOrigin(exchange: CorsExchange, refused: DetailedReason, refuser: () => Refuser | undefined): void {
    const by = NAMES_PARTS.has(refused.reason) ? refuser() : undefined;
    // Strangers are not meant to do more, and must not use up what own pages need.
    if (by === undefined || (by.policy.isOthers && by.policy.origin === 'any')) return;
    const { names } = this.#of(exchange);
    const place = placeOf(exchange, by);
    const known = names.get(place) ?? new Set<string>();
    names.set(place, known);
    const room = MOST_NAMES_KEPT - known.size;
    const unknown = refused.parts.map(name => keyOfName(refused.reason, name)).filter(name => !known.has(name));
    if (unknown.length === 0 || room <= 0) return;
    const left = this.#budget.take();
    if (left === -1) this.warn(BUDGET_SPENT);
    if (left < 0) return;
    for (const name of unknown.slice(0, room)) known.add(name);
    this.warn(loggedLine(exchange, refused, by));
  }

  /** With `debug`: a page cannot read a response. Once for each route, origin and reason. */
  unreadable(exchange: CorsExchange, refused: DetailedReason, by: Server): void {
    const { unreadable } = this.#of(exchange);
    const route = by.route === undefined ? '' : routeLabel(issueRouteOf(by.route));
    const key = [route, exchange.origin, refused.reason].join(' ');
    if (unreadable.has(key) || unreadable.size === MOST_UNREADABLE_KEPT) return;
    unreadable.add(key);
    this.warn(loggedLine(exchange, refused, by));
  }

  #of({ table }: CorsExchange): LoggedRefusals {
    const known = table && this.#logged.get(table);
    if (known !== undefined) return known;
    const logged: LoggedRefusals = { names: new Map(), unreadable: new Set() };
    if (table !== undefined) this.#logged.set(table, logged);
    return logged;
  }
}

/** Methods are case-sensitive, header names are not. */
function keyOfName(reason: DetailedReason['reason'], name: string): string {
  return printable(reason === 'header-not-allowed' ? name.toLowerCase() : name);
}

const NAMES_PARTS: ReadonlySet<DetailedReason['reason']> = new Set([
  'method-not-allowed',
  'method-not-routed',
  'header-not-allowed',
]);

const BUDGET_SPENT = `Logged ${String(LINES_AN_HOUR)} refusals of allowed origins within an hour: further ones are not logged until it is over.`;

/** What the log knows the place of a refusal as: so many places as there are routes, rules and policies. */
function placeOf({ table, url }: CorsExchange, { route, nearest, policy }: Refuser): object {
  if (policy.isOthers) return policy;
  return route ?? nearest ?? table?.rules.ruleOn(url)?.rule ?? policy;
}

function loggedLine(exchange: CorsExchange, refused: DetailedReason, { policy, route }: Server): string {
  const what = exchange.preflight ? 'Refused' : 'A page cannot read the response to';
  return refusalLine(what, exchange, refused, remedyFor(refused, policy, route, MOST_NAMES_SHOWN), route);
}

/** A line about a request that is refused, or whose response is. */
export function refusalLine(
  what: string,
  exchange: CorsExchange,
  { reason }: Pick<DetailedReason, 'reason'>,
  hint: string,
  route: Route | undefined,
): string {
  const place = route === undefined ? '' : ` (${routeLabel(issueRouteOf(route))})`;
  return `${what} ${requestText(exchange)}${place} from ${printable(exchange.origin ?? '')}: ${reason}. ${hint}`;
}
