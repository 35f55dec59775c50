import type { AbstractHttpAdapter, HttpAdapterHost } from '@nestjs/core';
import { CORS_APPS } from '../cors.constants.js';
import { CorsConfigurationError } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem } from '../issues/problem.js';
import type { Platform } from '../platforms/platform.js';
import type { CorsApp } from '../registry/app.js';
import { watchAdapter, watchApp } from '../routing/nest-internals.js';

/** An app and what it runs on. */
export interface HostedApp {
  readonly app: CorsApp;
  readonly adapter: AbstractHttpAdapter;
  /** Absent where the module does not support it. */
  readonly platform: Platform | undefined;
}

/** An app between the beginning of `app.init()` and the moment when its policies are loaded. */
interface Start {
  /** Whether no other app of the container started meanwhile. */
  isAlone: boolean;
  loading: Promise<void> | undefined;
}

/** Loads the policies of apps. */
export interface AppLoader {
  /** Whether the routes of an app are registered. */
  canLoad(app: HostedApp): boolean;
  load(app: HostedApp): Promise<void>;
}

/**
 * The HTTP apps of one container. The container's adapter host keeps them, not the injector: `builder.compile()` makes
 * providers anew each time.
 */
export class CorsApps {
  readonly #apps = new WeakMap<AbstractHttpAdapter, HostedApp>();
  /** Apps whose adapter Nest made another app with. */
  readonly #shared = new WeakSet<HostedApp>();
  readonly #starting = new Map<HostedApp, Start>();
  #install: ((adapter: AbstractHttpAdapter) => HostedApp) | undefined;

  private constructor(host: HttpAdapterHost) {
    watchAdapter(host, adapter => {
      const app = this.#apps.get(adapter);
      if (app === undefined) this.#begin(adapter);
      else this.#shared.add(app);
    });
  }

  static of(host: HttpAdapterHost): CorsApps {
    const known = (host as { [CORS_APPS]?: CorsApps })[CORS_APPS];
    if (known !== undefined) return known;
    const apps = new CorsApps(host);
    Object.defineProperty(host, CORS_APPS, { value: apps });
    return apps;
  }

  /**
   * Calls back with each adapter that the container gets, before anything is registered on it: also with the one it
   * has, unless that was passed to an earlier call.
   *
   * @param install replaces that of an earlier call
   */
  onAdapter(host: HttpAdapterHost, install: (adapter: AbstractHttpAdapter) => HostedApp): void {
    this.#install = install;
    // Nest types it as always present: an application context has none.
    const present = host.httpAdapter as AbstractHttpAdapter | null | undefined;
    if (present != null && !this.#apps.has(present)) this.#begin(present);
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

  async #load(app: HostedApp, isAlone: boolean, loader: AppLoader): Promise<void> {
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
    const hosted = this.#install(adapter);
    this.#apps.set(adapter, hosted);
    watchApp(adapter, {
      starts: () => {
        this.#start(hosted);
      },
      closed: () => {
        hosted.app.isClosed = true;
        hosted.app.whenClosed?.();
        this.#starting.delete(hosted);
      },
    });
  }

  /** @throws {CorsConfigurationError} */
  #start(app: HostedApp): void {
    if (this.#shared.has(app)) {
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
