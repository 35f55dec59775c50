import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { LOGGER_CONTEXT } from '../cors.constants.js';
import { CorsApp } from '../registry/cors-app.js';
import { CorsApps } from './apps.js';
import { CorsEnforcer } from '../request/enforcer.js';
import { CorsPolicyLoader } from './loader.js';
import type { PolicyTable } from '../registry/policy-table.js';
import { CorsPreflight } from '../request/preflight-responder.js';
import { describeRoute } from '../registry/route.js';
import { routeLine } from './startup-log.js';
import { callersOf } from './startup-log.js';
import { createEdge } from '../request/edge.js';
import { platformOf } from '../platforms/index.js';
import type { CompiledPolicy } from '../policy/compile.js';

/**
 * Puts the module ahead of everything else on each HTTP platform of the container, and loads the policies of each app
 * as it is initialized.
 */
@Injectable()
export class CorsBoot implements OnModuleInit {
  readonly #logger = new Logger(LOGGER_CONTEXT);

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(CorsApps) private readonly apps: CorsApps,
    @Inject(CorsPolicyLoader) private readonly loader: CorsPolicyLoader,
    @Inject(CorsPreflight) private readonly preflight: CorsPreflight,
    @Inject(CorsEnforcer) private readonly enforcer: CorsEnforcer,
  ) {
    apps.onAdapter(host, adapter => this.#install(adapter));
  }

  /** @throws {CorsConfigurationError} */
  async onModuleInit(): Promise<void> {
    // Routes are registered by now. Without an HTTP platform there are none, and nothing to protect.
    await this.apps.loadStarting({
      canLoad: app => this.loader.canLoad(app),
      load: async app => {
        this.#announce(await this.loader.load(app));
      },
    });
  }

  #install(adapter: AbstractHttpAdapter): CorsApp {
    const platform = platformOf(adapter);
    const app = new CorsApp(adapter, platform);
    if (platform === undefined) return app;
    const { exchanges } = this.apps;
    const open = (request: IncomingMessage, response: ServerResponse) => exchanges.open(request, response, app);
    const present = (request: IncomingMessage) => platform.present(request);
    const edge = createEdge(open, {
      answerPreflight: (exchange, response, next) => {
        platform.secure(exchange.raw, response);
        this.preflight.answer(exchange, response, next, present);
      },
      admit: (exchange, next) => this.enforcer.admit(exchange, next, present),
    });
    platform.install(edge, open);
    return app;
  }

  #announce({ warnings, routes }: PolicyTable): void {
    for (const { message, hint } of warnings) this.#logger.warn(`${message} ${hint}`);
    const callers = new Map<CompiledPolicy, string>();
    for (const { route, policy } of routes) {
      const text = callers.get(policy) ?? callersOf(policy.stated);
      callers.set(policy, text);
      this.#logger.log(routeLine(describeRoute(route), text));
    }
  }
}
