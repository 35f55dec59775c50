import { Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { IN_DOUBT } from '../decision/cors-headers.js';
import { judgeActual, refine, sideOf, type DetailedReason } from '../decision/reason.js';
import { ORIGIN_STRIPPED, REMEDIES } from '../decision/remedies.js';
import { routeLabel } from '../issues/location.js';
import { RepeatLog } from '../issues/repeat-log.js';
import { printable, quotedList, requestText } from '../issues/text.js';
import { elementsOf, isToken } from '../policy/names/list.js';
import { issueRouteOf } from '../registry/route.js';
import type { Route } from '../routing/route.js';
import type { CorsApp } from '../registry/app.js';
import type { CorsExchange } from './exchange.js';
import { RefusalLog, refusalLine } from './refusal-log.js';
import type { Refuser } from './refuser.js';
import { servedBy } from './respond.js';
import type { Replaced } from './write-headers.js';

/** The lines that requests leave in the log: their number does not grow with the requests. */
export class RequestLog {
  readonly #logger = safely(new Logger(LOGGER_CONTEXT));
  readonly #doubts = new RepeatLog<CorsApp>();
  readonly #contested = new RepeatLog<object>();
  readonly #refusals = new RefusalLog(line => {
    this.#logger.warn(line);
  });
  readonly #stripped = new RepeatLog<object>();
  /** For each app, the handlers, and the policies of what has none, whose replaced headers were logged. */
  readonly #replaced = new WeakMap<CorsApp, WeakSet<object>>();

  /** Once a minute for each app: the path of a request can be read in several ways. */
  inDoubt(exchange: CorsExchange): void {
    this.#doubts.report(exchange.app, skipped => this.#logger.warn(doubtLine(requestText(exchange), skipped)));
  }

  /** Once a minute for each handler: its policy refused what a preflight may have let through. */
  contested(exchange: CorsExchange, handler: object): void {
    const request = requestText(exchange);
    const origin = printable(exchange.origin ?? '');
    this.#contested.report(handler, skipped => this.#logger.warn(contestedLine(request, origin, skipped)));
  }

  /** Once for each route and name: an allowed origin may not use a method or a header. */
  refusedAllowed(exchange: CorsExchange, refused: DetailedReason, refuser: () => Refuser | undefined): void {
    this.#refusals.allowedOrigin(exchange, refused, refuser);
  }

  /**
   * A page gets a response that it cannot read: logged because an allowed origin may not use its method, or with `debug`.
   * Never throws.
   */
  unreadable(exchange: CorsExchange): void {
    try {
      const { served, answers, table } = exchange;
      const policy = exchange.policy ?? served?.policy;
      if (policy === undefined) return;
      const answer = exchange.policy === undefined ? answers?.find(policy, served?.route) : exchange.answer;
      const reason = judgeActual(exchange, policy, answer);
      const isDebug = table?.debug === true;
      if (reason === 'allowed' || !(isDebug || reason === 'method-not-allowed') || isOwnPage(exchange)) return;
      const by = { policy: sideOf(exchange.origin, policy, answer), route: exchange.route ?? served?.route };
      const refused = refine(reason, exchange, policy, answer);
      if (isDebug) this.#refusals.unreadable(exchange, refused, by);
      else this.#refusals.allowedOrigin(exchange, refused, () => by);
    } catch (error) {
      this.failed(error);
    }
  }

  /** With `debug`, once a minute for each route: something took the `Origin` header of a request away. Never throws. */
  stripped(exchange: CorsExchange): void {
    try {
      const subject = servedBy(exchange)?.route ?? exchange.app;
      this.#stripped.report(subject, skipped =>
        this.#logger.warn(`${requestText(exchange)} arrived without Origin. ${ORIGIN_STRIPPED}${since(skipped)}`),
      );
    } catch (error) {
      this.failed(error);
    }
  }

  /** Once for each route: something else had set CORS headers, which are never sent. Never throws. */
  replaced(exchange: CorsExchange, replaced: readonly Replaced[]): void {
    try {
      const served = servedBy(exchange);
      if (served === undefined) return;
      const { route, policy = IN_DOUBT } = served;
      const logged = this.#replaced.get(exchange.app) ?? new WeakSet();
      this.#replaced.set(exchange.app, logged);
      const subject = route?.handler ?? policy;
      if (logged.has(subject)) return;
      logged.add(subject);
      const place = route && routeLabel(issueRouteOf(route));
      this.#logger.warn(replacedLine(replaced, place ?? `${printable(exchange.url)}, which no controller serves`));
    } catch (error) {
      this.failed(error);
    }
  }

  /** With `debug`: why a request is refused. */
  refused(exchange: CorsExchange, reason: DetailedReason['reason'], hint: string, route: Route | undefined): void {
    this.#logger.warn(refusalLine('Refused', exchange, { reason }, hint, route));
  }

  failed(error: unknown): void {
    this.#logger.error(error);
  }
}

/** A logger that throws must not cost a response: it is called while one is being written. */
function safely(logger: Logger): { warn(line: string): void; error(error: unknown): void } {
  const attempt = (log: () => void) => {
    try {
      log();
    } catch {
      // Nothing else can be done about it.
    }
  };
  return {
    warn: line => attempt(() => logger.warn(line)),
    error: error => attempt(() => logger.error(error)),
  };
}

/** Whether a page of the app's own sent a request, as far as the request itself says. May err: it is for a log. */
function isOwnPage({ origin = '', raw: { headers }, table }: CorsExchange): boolean {
  if (table?.self?.origins.has(origin) === true) return true;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const authority = withoutPort(origin.replace(/^https?:\/\//, ''));
  return [headers[':authority'], headers.host, headers['x-forwarded-host']].some(
    host => typeof host === 'string' && withoutPort(host) === authority,
  );
}

function withoutPort(authority: string): string {
  return authority.toLowerCase().replace(/:(?:80|443)$/, '');
}

/** @param place fit for a log */
function replacedLine(replaced: readonly Replaced[], place: string): string {
  const names = replaced.map(({ name }) => printable(name)).join(', ');
  const values = replaced.map(({ name, value }) => `${printable(name)} was ${printable(value)}`).join(', ');
  const exposed = replaced.find(({ name }) => name === 'access-control-expose-headers')?.value;
  return `CorsModule replaced ${names}, which ${replaced.length === 1 ? 'was' : 'were'} set on a response of ${place}: the policy of the route decides, and browsers refuse two answers. Remove what sets it (a handler, @Header(), a proxy, another CORS layer), and set with @Cors() or in \`routes\` what it was for: ${values}.${exposeHint(exposed)}`;
}

/** What was exposed, as the option that exposes it. */
function exposeHint(value: string | undefined): string {
  const usable = elementsOf(value ?? '').filter(name => isToken(name) && name !== '*');
  return usable.length === 0 ? '' : ` Write exposedHeaders: [${quotedList(usable, MOST_EXPOSED)}].`;
}

const MOST_EXPOSED = 20;

function contestedLine(request: string, origin: string, skipped: number): string {
  return `Refused ${request} from ${origin}: its handler's policy does not allow it, and its preflight may have been answered with the policy of another handler of this path (another version, a constraint, a route that passes requests on).${since(skipped)}`;
}

function doubtLine(request: string, skipped: number): string {
  return `Sent no CORS headers for ${request}: its path can be read in several ways, and the rules in \`routes\` give them different policies. ${REMEDIES['path-ambiguous']}${since(skipped)}`;
}

function since(skipped: number): string {
  return skipped === 0 ? '' : ` ${String(skipped)} more requests like this since the last log line.`;
}
