import { Inject, Injectable, Logger } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost, type AbstractHttpAdapter } from '@nestjs/core';
import { CORS_LAYER, LOGGER_CONTEXT } from '../cors.constants.js';
import { platformOf } from '../platforms/index.js';
import type { LayerFactory } from '../platforms/platform.js';
import { CorsApp } from '../registry/app.js';
import { CorsApps, type HostedApp } from './apps.js';
import { PolicyLoader } from './loader.js';
import { startupLines } from './startup-log.js';

/**
 * Puts the module ahead of everything else on each HTTP platform of the container, and loads the policies of each app
 * as it is initialized.
 */
@Injectable()
export class CorsInstaller implements OnModuleInit {
  readonly #logger = new Logger(LOGGER_CONTEXT);

  constructor(
    @Inject(HttpAdapterHost) host: HttpAdapterHost,
    @Inject(CorsApps) private readonly apps: CorsApps,
    @Inject(PolicyLoader) private readonly loader: PolicyLoader,
    @Inject(CORS_LAYER) private readonly layers: LayerFactory<CorsApp>,
  ) {
    apps.onAdapter(host, adapter => this.#install(adapter));
  }

  /** @throws {CorsConfigurationError} */
  async onModuleInit(): Promise<void> {
    // The routes are registered. Without an HTTP platform there are none, and nothing to protect.
    await this.apps.loadStarting({
      canLoad: app => this.loader.canLoad(app),
      load: async app => {
        const table = await this.loader.load(app);
        for (const { message, hint } of table.warnings) this.#logger.warn(`${message} ${hint}`);
        for (const line of startupLines(table)) this.#logger.log(line);
      },
    });
  }

  #install(adapter: AbstractHttpAdapter): HostedApp {
    const hosted: HostedApp = { app: new CorsApp(), adapter, platform: platformOf(adapter) };
    const { app, platform } = hosted;
    platform?.install(this.layers.layerFor(app, platform));
    return hosted;
  }
}
