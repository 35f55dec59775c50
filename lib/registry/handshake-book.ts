import type { Policy } from '../policy/compile.js';
import { handshakeTarget, mayTake, type Gateway, type HandshakeTarget } from '../routing/gateway.js';
import type { RuleBook } from './rule-book.js';

/** A gateway on the app's own server, and its policy. */
export interface GatewayPolicy {
  readonly gateway: Gateway;
  readonly policy: Policy;
}

/** One of those who judge a handshake: all of them have to allow it. */
export interface HandshakeJudge {
  /** Absent for what is not a gateway. */
  readonly gateway: Gateway | undefined;
  readonly policy: Policy;
}

/** Which policies a WebSocket handshake is judged by. */
export class HandshakeBook {
  readonly #polled: readonly Gateway[];

  /** @param module the policy of what is neither a gateway's nor under a rule */
  constructor(
    readonly gateways: readonly GatewayPolicy[],
    private readonly rules: RuleBook,
    private readonly module: Policy,
  ) {
    this.#polled = gateways.flatMap(({ gateway }) => (gateway.kind === 'socket.io' ? [gateway] : []));
  }

  /** Whether some requests of the app's server go to socket.io. */
  get hasPolling(): boolean {
    return this.#polled.length > 0;
  }

  /** Whether socket.io answers a request, which then never reaches the app. */
  isPolled(url: string): boolean {
    return this.#polled.some(({ prefix }) => url.startsWith(prefix));
  }

  /**
   * Gateways that share a path (namespaces) share a handshake. Where servers may read a path in several ways, everyone
   * who may be meant judges it.
   *
   * @param host the raw `Host` header
   */
  judgesOf(url: string, host: string): readonly HandshakeJudge[] {
    const target = handshakeTarget(url, host);
    const taking = this.gateways.filter(({ gateway }) => mayTake(gateway, target));
    const isCertain = target.isPlain && taking.length > 0 && taking.every(({ gateway }) => gateway.kind !== 'unknown');
    return isCertain ? taking : [...taking, ...this.#others(target).map(policy => ({ policy, gateway: undefined }))];
  }

  /** The policies of what is not a gateway: of rules, or the module's. */
  #others({ url, pathname, isPlain }: HandshakeTarget): readonly Policy[] {
    const readings = isPlain || pathname === undefined ? [url] : [url, pathname];
    const policies = readings.flatMap(each => {
      const ruling = this.rules.ruleOn(each);
      if (ruling !== undefined) return ruling.policies;
      // `@nestjs/graphql` takes what its path begins: `/graphql-x` as well.
      const begun = this.rules.entries.filter(({ path }) => begins(each, path)).map(({ policy }) => policy);
      return [this.module, ...begun];
    });
    return [...new Set(policies)];
  }
}

/** Whether a target begins with the path of a rule, in the middle of a segment. */
function begins(url: string, path: string): boolean {
  return path.length > 1 && !/[:*{}()\\]/.test(path) && url.startsWith(path.startsWith('/') ? path : `/${path}`);
}
