import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { respond, type CorsApp } from '../registry/cors-app.js';
import { CorsConfigurationError } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import type { CorsExchange, ResponseAuthority } from '../request/exchange.js';
import { ExchangeStore, type Wrapped } from '../request/exchange-store.js';
import { problem } from '../issues/problem.js';
import { watchAdapter, watchApp } from '../routing/nest-internals.js';

/** Where a container's host keeps its apps. */
const APPS = Symbol.for('nestjs-cors:apps');

/** An app between the beginning of `app.init()` and the moment when its policies are loaded. */
interface Start {
  /** Whether no other app of the container started meanwhile. */
  isAlone: boolean;
  loading: Promise<void> | undefined;
}

/** Loads the policies of apps. */
export interface AppLoader {
  /** Whether the routes of an app are registered. */
  canLoad(app: CorsApp): boolean;
  load(app: CorsApp): Promise<void>;
}

/**
 * The HTTP apps of one container. The container's adapter host keeps them, not the injector: `builder.compile()` makes
 * providers anew each time, while guards of earlier ones go on running.
 */
export class CorsApps {
  readonly exchanges = new ExchangeStore();
  readonly #apps = new WeakMap<AbstractHttpAdapter, CorsApp>();
  readonly #starting = new Map<CorsApp, Start>();
  /** Whom requests belong to that did not come through a platform. With several apps this cannot be known. */
  #owner: ResponseAuthority | undefined;
  #install: ((adapter: AbstractHttpAdapter) => CorsApp) | undefined;

  private constructor(host: HttpAdapterHost) {
    watchAdapter(host, adapter => {
      const app = this.#apps.get(adapter);
      if (app === undefined) this.#begin(adapter);
      else app.isShared = true;
    });
  }

  static of(host: HttpAdapterHost): CorsApps {
    const known = (host as { [APPS]?: CorsApps })[APPS];
    if (known !== undefined) return known;
    const apps = new CorsApps(host);
    Object.defineProperty(host, APPS, { value: apps });
    return apps;
  }

  /**
   * Calls back with each adapter that the container gets, before anything is registered on it: also with the one it
   * has, unless that was passed to an earlier call.
   *
   * @param install replaces that of an earlier call
   */
  onAdapter(host: HttpAdapterHost, install: (adapter: AbstractHttpAdapter) => CorsApp): void {
    this.#install = install;
    // Nest types it as always present: an application context has none.
    const present = host.httpAdapter as AbstractHttpAdapter | null | undefined;
    if (present != null && !this.#apps.has(present)) this.#begin(present);
  }

  /**
   * The exchange of a request that reached a handler. It has one, unless the request was handed to Nest's router past
   * the platform: then it begins here.
   */
  exchangeOf(request: Wrapped<IncomingMessage>, response: Wrapped<ServerResponse>): CorsExchange {
    return this.exchanges.open(request, response, this.#owner ?? NOBODY);
  }

  /**
   * Called in `onModuleInit`, which Nest runs once for each app, without saying for which. So every app whose routes
   * are registered is loaded, and each call waits for all of them: no app is ready before its policies are.
   *
   * An app that fails rejects its own `app.init()`. Where others start at the same time, it is not known which call is
   * its own: it then rejects theirs as well, until it is closed.
   */
  async loadStarting(loader: AppLoader): Promise<void> {
    for (const [app, start] of this.#starting) {
      // An app that is alone is the one that Nest calls for.
      if (start.isAlone || loader.canLoad(app)) start.loading ??= this.#load(app, start.isAlone, loader);
    }
    await Promise.all([...this.#starting.values()].map(({ loading }) => loading));
  }

  async #load(app: CorsApp, isAlone: boolean, loader: AppLoader): Promise<void> {
    try {
      await loader.load(app);
    } catch (error) {
      if (isAlone) this.#starting.delete(app);
      throw error;
    }
    this.#starting.delete(app);
  }

  #begin(adapter: AbstractHttpAdapter): void {
    if (this.#install === undefined) return;
    const app = this.#install(adapter);
    this.#apps.set(adapter, app);
    this.#owner = this.#owner === undefined ? app : NOBODY;
    watchApp(adapter, {
      starts: () => {
        this.#start(app);
      },
      closed: () => {
        app.isClosed = true;
        app.whenClosed?.();
        this.#starting.delete(app);
      },
    });
  }

  /** @throws {CorsConfigurationError} */
  #start(app: CorsApp): void {
    if (app.isShared) {
      const issues = new IssueCollector();
      issues.add({ level: 'app' }, problem('platform_shared', 'CorsModule', 'CorsModule'));
      // Not with the other errors of the app: Fastify would refuse its routes first.
      throw new CorsConfigurationError(issues.errors());
    }
    this.#starting.delete(app);
    const isAlone = this.#starting.size === 0;
    for (const other of this.#starting.values()) other.isAlone = false;
    this.#starting.set(app, { isAlone, loading: undefined });
  }
}

/** Of a request that came to no app. */
const NOBODY: ResponseAuthority = { current: undefined, respondSafely: respond, reportReplaced() {}, reportDoubt() {} };
