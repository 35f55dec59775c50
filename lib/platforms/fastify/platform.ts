import type { IncomingMessage, Server } from 'node:http';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import {
  addRequestHook,
  fastifyFurtherServers,
  fastifyRequestOf,
  forgetVersionError,
  onFrameworkError,
  prependRequestHook,
  watchConstraintStrategies,
  type FastifyConstraint,
} from './internals.js';
import type { FastifyRoute } from './owners.js';
import { FastifyMatcher } from './matcher.js';
import type { Route } from '../../routing/route.js';
import type { RouteMatcher } from '../../routing/route-matcher.js';
import type { Layer, Platform } from '../platform.js';
import { watchMounts } from '../mounts.js';
import { watchSecurityHook } from '../security-hook.js';
import { guardServer } from '../server-gate.js';
import { watchForeignCors, type ForeignCors } from '../foreign-cors.js';
import type { PlatformRequest } from '../site.js';

/** The part of a Fastify instance that is used. */
interface FastifyInstance {
  readonly server: Server;
  addHook(name: 'onRoute', hook: (route: FastifyRoute) => void): void;
  addHook(name: 'onReady' | 'onListen', hook: (done: (error?: Error) => void) => void): void;
  hasRequestDecorator(name: string): boolean;
}

/** What `@fastify/cors` adds to requests. */
const CORS_DECORATOR = 'corsPreflightEnabled';

export class FastifyPlatform implements Platform {
  readonly #routes: FastifyRoute[] = [];
  readonly #instance: FastifyInstance;
  readonly securityHook: Platform['securityHook'];
  readonly #mounts: readonly string[];
  #foreignCors: ForeignCors | undefined;
  /** The last matcher, and what it was made of. */
  #known: { readonly routes: readonly Route[]; readonly size: number; readonly matcher: RouteMatcher } | undefined;
  #strategies: readonly FastifyConstraint[] = [];

  constructor(private readonly adapter: AbstractHttpAdapter) {
    this.#instance = adapter.getInstance<FastifyInstance>();
    this.securityHook = watchSecurityHook(adapter);
    this.#mounts = watchMounts(adapter);
  }

  install({ edge, open, gate }: Layer): void {
    // Fastify answers a malformed target, a shutdown and a failed CSRF check before any middleware: those responses
    // are seen to here. In-memory requests (`inject()`, serverless platforms) do not pass the server.
    onFrameworkError(this.adapter, open);
    prependRequestHook(this.adapter, ({ raw }, reply, done) => {
      const { preflight } = open(raw, reply.raw);
      if (preflight) forgetVersionError(this.adapter, raw);
      done();
    });
    addRequestHook(this.adapter, ({ raw }, reply, done) => edge(raw, reply.raw, done));
    guardServer(this.#instance.server, gate);
    this.#instance.server.prependListener('request', open);
    // `listen('localhost')` binds one server more for each further address.
    this.#instance.addHook('onListen', done => {
      for (const server of fastifyFurtherServers(this.adapter)) {
        guardServer(server, gate);
        server.prependListener('request', open);
      }
      done();
    });
    this.#instance.addHook('onRoute', ({ method, url, constraints }) => {
      this.#routes.push({ method, url, ...(constraints && { constraints }) });
    });
    this.#strategies = watchConstraintStrategies(this.adapter);
    // It registers a plugin that loads after the app is initialized: too late to see it with the rest.
    watchForeignCors(this.adapter, 'enableCors', found => (this.#foreignCors ??= found));
  }

  createMatcher(config: ApplicationConfig, routes: readonly Route[]): RouteMatcher {
    const known = this.#known;
    // Most apps register nothing between their initialization and their start.
    const size = this.#routes.length + this.#strategies.length;
    if (known?.routes === routes && known.size === size) return known.matcher;
    const matcher = new FastifyMatcher(this.adapter, config, routes, this.#routes, this.#strategies);
    this.#known = { routes, size, matcher };
    return matcher;
  }

  present(request: IncomingMessage): PlatformRequest {
    return fastifyRequestOf(this.adapter, request);
  }

  secure(): void {
    // The adapter runs the hook ahead of every middleware.
  }

  isRegistered(path: string): boolean {
    return this.#routes.some(({ url }) => url === path) || this.#mounts.includes(path);
  }

  foreignCors(): ForeignCors | undefined {
    return this.#foreignCors ?? (this.#instance.hasRequestDecorator(CORS_DECORATOR) ? {} : undefined);
  }

  isShared(): boolean {
    // Nest itself refuses to: its middleware engine can be registered once.
    return false;
  }

  beforeStart(check: () => void): void {
    // Plugins that nobody awaited load after the app is initialized: `@fastify/cors` registered by hand.
    this.#instance.addHook('onReady', done => {
      try {
        check();
        done();
      } catch (error) {
        done(error as Error);
      }
    });
  }
}
