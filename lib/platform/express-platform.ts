import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { ExpressMatcher } from '../routing/express-matcher.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { RouteMatcher } from '../routing/route-matcher.js';
import type { Middleware } from './edge.js';
import type { Platform } from './platform.js';
import { watchSecurityHook } from './security-hook.js';
import type { PlatformRequest } from './site.js';

/** The `cors` package's middleware: added by `enableCors()`, by `{ cors: true }` and by `app.use(cors())`. */
const CORS_MIDDLEWARE = 'corsMiddleware';

export class ExpressPlatform implements Platform {
  readonly securityHook: Platform['securityHook'];
  #shared = false;

  constructor(private readonly adapter: AbstractHttpAdapter) {
    this.securityHook = watchSecurityHook(adapter);
  }

  install(edge: Middleware): void {
    this.#shared = this.#has(edge.name);
    this.adapter.use(edge);
  }

  createMatcher(config: ApplicationConfig, registrations: readonly RouteRegistration[]): RouteMatcher {
    return new ExpressMatcher(this.adapter, config, registrations);
  }

  present(request: IncomingMessage): PlatformRequest {
    // Express gives its own prototype to Node's request.
    return request as IncomingMessage & PlatformRequest;
  }

  secure(request: IncomingMessage, response: ServerResponse): void {
    // Nest puts the hook where it is enabled: behind the edge.
    this.securityHook()?.(request, response);
  }

  hasForeignCors(): boolean {
    return this.#has(CORS_MIDDLEWARE);
  }

  /** Whether a middleware function of this name is registered. */
  #has(middleware: string): boolean {
    const { router } = this.adapter.getInstance<{ router: { stack: readonly { name: string }[] } }>();
    return router.stack.some(({ name }) => name === middleware);
  }

  isShared(): boolean {
    return this.#shared;
  }

  beforeStart(): void {
    // Everything is registered when the app is initialized.
  }
}
