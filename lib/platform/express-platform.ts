import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { ExpressMatcher } from '../routing/express-matcher.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { RouteMatcher } from '../routing/route-matcher.js';
import type { Middleware } from './edge.js';
import type { Platform } from './platform.js';

/** The `cors` package's middleware: added by `enableCors()`, by `{ cors: true }` and by `app.use(cors())`. */
const CORS_MIDDLEWARE = 'corsMiddleware';

export class ExpressPlatform implements Platform {
  constructor(private readonly adapter: AbstractHttpAdapter) {}

  install(edge: Middleware): void {
    this.adapter.use(edge);
  }

  createMatcher(config: ApplicationConfig, registrations: readonly RouteRegistration[]): RouteMatcher {
    return new ExpressMatcher(this.adapter, config, registrations);
  }

  hasForeignCors(): boolean {
    const { router } = this.adapter.getInstance<{ router: { stack: readonly { name: string }[] } }>();
    return router.stack.some(({ name }) => name === CORS_MIDDLEWARE);
  }

  beforeStart(): void {
    // Everything is registered when the app is initialized.
  }
}
