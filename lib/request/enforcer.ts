import { Inject, Injectable } from '@nestjs/common';
import type { DetailedReason } from '../decision/reason.js';
import { remedyFor } from '../registry/remedy.js';
import type { Server } from '../registry/served.js';
import { tableOf, type CorsExchange, type Refuser } from './exchange.js';
import { ExchangeStore } from './exchange-store.js';
import { CorsForbiddenException } from './forbidden.exception.js';

/** Carries out what was judged: the one exit of refused requests, wherever in their way that is. */
@Injectable()
export class CorsEnforcer {
  constructor(@Inject(ExchangeStore) private readonly exchanges: ExchangeStore) {}

  /**
   * @param refused why the request is refused; `undefined` where it is not
   * @param by who refuses it, where that is known
   * @throws {CorsForbiddenException} 403, through the app's exception layer
   */
  enforce(exchange: CorsExchange, refused: DetailedReason | undefined, by?: Server | Refuser): void {
    if (refused === undefined) return;
    const { reason } = refused;
    if (!tableOf(exchange).debug) {
      this.exchanges.log.refusedAllowed(exchange, refused, by && { place: by.route ?? by.policy, ...by });
      throw new CorsForbiddenException(reason);
    }
    const hint = remedyFor(refused, by?.policy, by?.route);
    this.exchanges.log.refused(exchange, reason, hint, by?.route);
    // The answer makes the browser itself name the reason.
    if (exchange.verdict?.isRevealing === true) return;
    throw new CorsForbiddenException(reason, { hint });
  }
}
