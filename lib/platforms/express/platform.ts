import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AbstractHttpAdapter, ApplicationConfig } from '@nestjs/core';
import type { ExpressLayer, ExpressRouter } from './owners.js';
import { ExpressMatcher } from './matcher.js';
import type { Route } from '../../routing/route.js';
import type { RouteMatcher } from '../../routing/route-matcher.js';
import type { Layer, Platform } from '../platform.js';
import { watchMounts } from '../mounts.js';
import { watchSecurityHook } from '../security-hook.js';
import { guardServer } from '../server-gate.js';
import { watchForeignCors, type ForeignCors } from '../foreign-cors.js';
import type { PlatformRequest } from '../site.js';

/** The `cors` package's middleware: added by `enableCors()`, by `{ cors: true }` and by `app.use(cors())`. */
const CORS_MIDDLEWARE = 'corsMiddleware';

/** Whether a layer is a route with this very path, or middleware that is mounted at it. */
function isLayerOf(layer: ExpressLayer, path: string): boolean {
  if (layer.route !== undefined) return layer.route.path === path;
  try {
    return Boolean(layer.match(path)) && layer.path === path;
  } catch {
    // Express decodes parameters, and refuses what is not well-formed.
    return false;
  }
}

function isCorsMiddleware(value: unknown): boolean {
  return typeof value === 'function' && value.name === CORS_MIDDLEWARE;
}

type Register = (...args: readonly unknown[]) => unknown;

export class ExpressPlatform implements Platform {
  readonly securityHook: Platform['securityHook'];
  /** The layers that Nest registers for itself. */
  readonly #nests = new WeakSet<object>();
  #shared = false;
  readonly #mounts: readonly string[];
  #foreignCors: ForeignCors | undefined;

  constructor(private readonly adapter: AbstractHttpAdapter) {
    this.securityHook = watchSecurityHook(adapter);
    this.#mounts = watchMounts(adapter);
  }

  install({ edge, open, gate }: Layer): void {
    this.#shared = this.#has(edge.name);
    this.adapter.use(edge);
    this.#noteNestsLayers();
    const note = (found: ForeignCors) => (this.#foreignCors ??= found);
    watchForeignCors(this.adapter, 'enableCors', note);
    watchForeignCors(this.adapter, 'use', note, (...args) => args.some(isCorsMiddleware));
    this.#watchServers(open, gate);
  }

  /**
   * Puts the gate before each server, and begins each exchange before Express sees the request. Not at the edge: Express gives every response a prototype of its
   * own, after which each property that is set on it costs a microsecond.
   */
  #watchServers(open: Layer['open'], gate: Layer['gate']): void {
    const { adapter } = this;
    const { initHttpServer } = adapter;
    adapter.initHttpServer = options => {
      initHttpServer.call(adapter, options);
      const server = adapter.getHttpServer() as Server;
      guardServer(server, gate);
      server.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
        open(request, response);
      });
    };
  }

  createMatcher(config: ApplicationConfig, routes: readonly Route[]): RouteMatcher {
    return new ExpressMatcher(this.#router, config, routes, layer => this.#nests.has(layer));
  }

  present(request: IncomingMessage): PlatformRequest {
    // Express gives its own prototype to Node's request, once it has it.
    if ('app' in request) return request as unknown as PlatformRequest;
    const { request: prototype } = this.adapter.getInstance<{ readonly request: object }>();
    const { headers, method, url, socket } = request;
    const own = Object.getOwnPropertyDescriptors({ headers, method, url, socket });
    return Object.create(prototype, own) as PlatformRequest;
  }

  secure(request: IncomingMessage, response: ServerResponse): void {
    // Nest puts the hook where it is enabled: behind the edge.
    this.securityHook()?.(request, response);
  }

  foreignCors(): ForeignCors | undefined {
    // Also what was installed on Express itself, past the adapter.
    return this.#has(CORS_MIDDLEWARE) ? (this.#foreignCors ?? {}) : undefined;
  }

  isRegistered(path: string): boolean {
    return this.#mounts.includes(path) || this.#router.stack.some(layer => isLayerOf(layer, path));
  }

  /** Whether a middleware function of this name is registered. */
  #has(middleware: string): boolean {
    return this.#router.stack.some(({ name }) => name === middleware);
  }

  /**
   * Nest registers more routes than controllers have: middleware of single methods and of controllers, ahead of the
   * controllers' own, and the 404 of routes that are left out of the global prefix. Unlike an app's raw routes they
   * serve nothing.
   */
  #noteNestsLayers(): void {
    const { adapter } = this;
    const { createMiddlewareFactory, setNotFoundHandler } = adapter;
    adapter.createMiddlewareFactory = requestMethod => {
      const register = createMiddlewareFactory.call(adapter, requestMethod) as Register;
      return (...args: readonly unknown[]) => this.#noting(() => register(...args));
    };
    adapter.setNotFoundHandler = (...args) => this.#noting(() => (setNotFoundHandler as Register).apply(adapter, args));
  }

  #noting<Result>(register: () => Result): Result {
    const before = this.#router.stack.length;
    const result = register();
    for (const layer of this.#router.stack.slice(before)) this.#nests.add(layer);
    return result;
  }

  get #router(): ExpressRouter {
    return this.adapter.getInstance<{ router: ExpressRouter }>().router;
  }

  isShared(): boolean {
    return this.#shared;
  }

  beforeStart(): void {
    // Everything is registered when the app is initialized.
  }
}
