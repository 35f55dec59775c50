import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApplicationConfig } from '@nestjs/core';
import type { Route } from '../routing/route.js';
import type { RouteMatcher } from '../routing/route-matcher.js';
import type { ForeignCors } from './foreign-cors.js';
import type { SecurityHook } from './security-hook.js';
import type { ServerGate } from './server-gate.js';
import type { PlatformRequest } from './site.js';

/** Continues with the app's next middleware, or with its exception layer. */
export type Next = (error?: unknown) => void;

/** A connect-style middleware on Node's own request and response. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: Next) => void;

/** What a platform puts ahead of the app. */
export interface Layer {
  /** Sees a request as it arrives, wherever the platform first has it: may be called again. */
  open(request: IncomingMessage, response: ServerResponse): { readonly preflight: boolean };
  /** The outermost middleware. */
  readonly edge: Middleware;
  /** Before the listeners of the app's server: sees what never reaches the app. */
  readonly gate: ServerGate;
}

/** Makes the layer of an app. */
export interface LayerFactory<App> {
  layerFor(app: App, platform: Platform): Layer;
}

/** What differs between HTTP platforms. */
export interface Platform {
  /** Puts a layer ahead of everything else. Called once, before anything is registered on the platform. */
  install(layer: Layer): void;

  /**
   * @param routes what Nest registered on the platform
   * @throws {UnmatchedRouteError} when the platform does not hold one of them
   */
  createMatcher(config: ApplicationConfig, routes: readonly Route[]): RouteMatcher;

  /** The request with its scheme and host, by the app's trust in its proxy. It need not have reached the app. */
  present(request: IncomingMessage): PlatformRequest;

  /** The hook behind Nest's security features, once the app has enabled one. */
  securityHook(): SecurityHook | undefined;

  /**
   * Gives the answer to a preflight the headers of `useSecurityHeaders()`, where they are not on it yet: nothing
   * else of the app sees a preflight.
   */
  secure(request: IncomingMessage, response: ServerResponse): void;

  /** Another CORS layer, if one is installed. */
  foreignCors(): ForeignCors | undefined;

  /** Whether a route is registered with this very path, or middleware is mounted at it. */
  isRegistered(path: string): boolean;

  /** Whether another app with this module was installed on the same platform instance before. */
  isShared(): boolean;

  /**
   * Calls back before the first request where the platform goes on registering after the app is initialized. What is
   * thrown there keeps the app from starting.
   */
  beforeStart(check: () => void): void;
}
