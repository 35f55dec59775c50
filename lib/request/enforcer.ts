import { Inject, Injectable } from '@nestjs/common';
import type { DetailedReason } from '../decision/reason.js';
import { remedyOf } from '../decision/remedies.js';
import { tableOf, type CorsExchange } from './exchange.js';
import { ExchangeStore } from './exchange-store.js';
import { CorsForbiddenException } from './forbidden.exception.js';

/** Carries out what was judged: the one exit of refused requests, wherever in their way that is. */
@Injectable()
export class CorsEnforcer {
  constructor(@Inject(ExchangeStore) private readonly exchanges: ExchangeStore) {}

  /**
   * @param refused why the request is refused; `undefined` where it is not
   * @throws {CorsForbiddenException} 403, through the app's exception layer
   */
  enforce(exchange: CorsExchange, refused: DetailedReason | undefined): void {
    if (refused === undefined) return;
    const { reason, detail } = refused;
    if (!tableOf(exchange).debug) throw new CorsForbiddenException(reason);
    const hint = remedyOf(reason, detail);
    this.exchanges.log.refused(exchange, reason, hint);
    throw new CorsForbiddenException(reason, { hint });
  }
}
