import { Inject, Injectable } from '@nestjs/common';
import type { DetailedReason } from '../decision/reason.js';
import { remedyFor } from '../registry/remedy.js';
import { tableOf, type CorsExchange } from './exchange.js';
import { ExchangeStore } from './exchange-store.js';
import { CorsForbiddenException } from './forbidden.exception.js';
import type { Refuser } from './refuser.js';

/** Carries out what was judged: the one exit of refused requests, wherever in their way that is. */
@Injectable()
export class CorsEnforcer {
  constructor(@Inject(ExchangeStore) private readonly exchanges: ExchangeStore) {}

  /**
   * @param refused why the request is refused; `undefined` where it is not
   * @param refuser called where somebody is told who refuses it
   * @throws {CorsForbiddenException} 403, through the app's exception layer
   */
  enforce(exchange: CorsExchange, refused: DetailedReason | undefined, refuser: () => Refuser | undefined): void {
    if (refused === undefined) return;
    const { reason } = refused;
    if (!tableOf(exchange).debug) {
      this.exchanges.log.refusedAllowed(exchange, refused, refuser);
      throw new CorsForbiddenException(reason);
    }
    const { policy, route } = refuser() ?? {};
    const hint = remedyFor(refused, policy, route);
    this.exchanges.log.refused(exchange, reason, hint, route);
    // The answer makes the browser itself name the reason.
    if (exchange.verdict?.isRevealing === true) return;
    throw new CorsForbiddenException(reason, { hint });
  }
}
