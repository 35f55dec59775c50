import type { Level, MergedPolicy } from '../policy/merge.js';
import type { PathPattern } from '../routing/path-rules.js';
import type { Gateway } from '../routing/gateway.js';
import type { Route } from '../routing/route.js';

/** A rule of `routes`, before it is compiled. */
export interface MergedRule {
  /** `routes[0]` */
  readonly at: string;
  readonly path: string;
  readonly pattern: PathPattern;
  readonly merged: MergedPolicy;
  readonly levels: readonly Level[];
}

/** A route, and its policy before it is compiled. */
export interface MergedRoute {
  readonly route: Route;
  readonly merged: MergedPolicy;
  /** Those that were merged, the module's among them. */
  readonly levels: readonly Level[];
}

/** A gateway on the app's own server, and its policy before it is compiled. */
export interface MergedGateway {
  readonly gateway: Gateway;
  /** Of the options that count for a handshake. */
  readonly merged: MergedPolicy;
  /** As they are written. */
  readonly levels: readonly Level[];
}
