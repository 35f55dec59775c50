import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import { FastifyMatcher, type FastifyRoute } from '../routing/fastify-matcher.js';
import type { RouteRegistration } from '../routing/nest-internals.js';
import type { RouteMatcher } from '../routing/route-matcher.js';
import type { Middleware } from './edge.js';
import type { ExchangeStore } from './exchange-store.js';
import type { Platform } from './platform.js';

/** The part of a Fastify instance that is used. */
interface FastifyInstance {
  readonly server: Server;
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
  hasRequestDecorator(name: string): boolean;
}

/** What `@fastify/cors` adds to requests. */
const CORS_DECORATOR = 'corsPreflightEnabled';

export class FastifyPlatform implements Platform {
  readonly #routes: FastifyRoute[] = [];
  readonly #instance: FastifyInstance;

  constructor(private readonly adapter: AbstractHttpAdapter) {
    this.#instance = adapter.getInstance<FastifyInstance>();
  }

  install(edge: Middleware, exchanges: ExchangeStore): void {
    // Fastify answers a malformed target, a shutdown and a failed CSRF check before any middleware: those responses
    // are seen to here. In-memory requests (`inject()`) do not pass the server, and are first seen by the edge.
    this.#instance.server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      exchanges.open(request, response);
    });
    this.#instance.addHook('onRoute', ({ method, url, constraints }) => {
      this.#routes.push({ method, url, ...(constraints && { constraints }) });
    });
    this.adapter.use(edge);
  }

  createMatcher(config: ApplicationConfig, registrations: readonly RouteRegistration[]): RouteMatcher {
    return new FastifyMatcher(this.adapter, config, registrations, this.#routes);
  }

  hasForeignCors(): boolean {
    return this.#instance.hasRequestDecorator(CORS_DECORATOR) || Reflect.get(this.adapter, 'corsHook') !== undefined;
  }
}
