import { Logger } from '@nestjs/common';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { IN_DOUBT } from '../decision/cors-headers.js';
import { REMEDIES } from '../decision/remedies.js';
import { routeLabel } from '../issues/location.js';
import { RepeatLog } from '../issues/repeat-log.js';
import { printable, requestText } from '../issues/text.js';
import { issueRouteOf } from '../registry/route.js';
import type { CorsApp } from '../registry/app.js';
import type { CorsExchange } from './exchange.js';
import { servedBy } from './respond.js';

/** The lines that requests leave in the log: their number does not grow with the requests. */
export class RequestLog {
  readonly #logger = new Logger(LOGGER_CONTEXT);
  readonly #doubts = new RepeatLog<CorsApp>();
  readonly #contested = new RepeatLog<object>();
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

  /** Once for each route: something else had set CORS headers, which are never sent. Never throws. */
  replaced(exchange: CorsExchange, names: readonly string[]): void {
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
      this.#logger.warn(replacedLine(names, place ?? `${printable(exchange.url)}, which no controller serves`));
    } catch (error) {
      this.failed(error);
    }
  }

  /** With `debug`: why a request is refused. */
  refused(exchange: CorsExchange, reason: string, hint: string): void {
    const origin = printable(exchange.origin ?? '');
    this.#logger.warn(`Refused ${requestText(exchange)} from ${origin}: ${reason}. ${hint}`);
  }

  failed(error: unknown): void {
    this.#logger.error(error);
  }
}

/** @param place fit for a log */
function replacedLine(names: readonly string[], place: string): string {
  const shown = names.map(printable).join(', ');
  return `CorsModule replaced ${shown}, which was set on a response of ${place}: the policy of the route decides, and browsers refuse two answers. Remove what sets it (a handler, @Header(), a proxy, another CORS layer), and set with @Cors() or in \`routes\` what it was for.`;
}

function contestedLine(request: string, origin: string, skipped: number): string {
  return `Refused ${request} from ${origin}: its handler's policy does not allow it, and its preflight may have been answered with the policy of another handler of this path (another version, a constraint, a route that passes requests on).${since(skipped)}`;
}

function doubtLine(request: string, skipped: number): string {
  return `Sent no CORS headers for ${request}: its path can be read in several ways, and the rules in \`routes\` give them different policies. ${REMEDIES['path-ambiguous']}${since(skipped)}`;
}

function since(skipped: number): string {
  return skipped === 0 ? '' : ` ${String(skipped)} more requests like this since the last log line.`;
}
