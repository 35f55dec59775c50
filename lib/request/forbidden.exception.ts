import { ForbiddenException } from '@nestjs/common';
import type { CorsReason } from '../decision/reason.js';

/** The body of every refusal: the same for every reason, so that it says nothing about the policy. */
export const FORBIDDEN_BODY = Object.freeze({
  statusCode: 403,
  message: 'Refused by the CORS policy of this resource',
  error: 'Forbidden',
});

/**
 * A request was refused by the CORS policy of its route: a preflight, or an actual request where the policy has
 * `rejectDisallowed`. Goes through the app's exception filters. The body is the same for every refusal; with `debug`
 * it also has the reason and what would allow the request.
 *
 * @publicApi
 */
export class CorsForbiddenException extends ForbiddenException {
  override readonly name = 'CorsForbiddenException';

  constructor(
    /** Why. For filters and logs: not in the body unless `debug` is on. */
    readonly reason: Exclude<CorsReason, 'allowed'>,
    debug?: { readonly hint: string },
  ) {
    super(debug === undefined ? { ...FORBIDDEN_BODY } : { ...FORBIDDEN_BODY, reason, hint: debug.hint });
  }
}
