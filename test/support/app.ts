import {
  Module,
  type INestApplication,
  type ModuleMetadata,
  type NestApplicationOptions,
  type Type,
} from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { CorsConfigurationError, CorsModule, type CorsModuleOptions } from 'nestjs-cors';

export type Platform = 'express' | 'fastify';
export const PLATFORMS: readonly Platform[] = ['express', 'fastify'];

/** The two ways in which a Nest app comes to be: they set the HTTP adapter at different moments. */
export type Bootstrap = 'NestFactory' | 'Test.createTestingModule';
export const BOOTSTRAPS: readonly Bootstrap[] = ['NestFactory', 'Test.createTestingModule'];

export interface AppOptions extends ModuleMetadata {
  /** Options of `CorsModule.forRoot()`; without them the module is not imported. */
  readonly cors?: CorsModuleOptions;
  readonly platform?: Platform;
  readonly bootstrap?: Bootstrap;
  readonly nest?: NestApplicationOptions;
  /** Options of the Fastify adapter. */
  readonly fastify?: object;
  /** What a test changes on its testing module; needs that bootstrap. */
  readonly override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** What `main.ts` does between `create()` and `listen()`. */
  readonly configure?: (app: INestApplication) => unknown;
}

const started = new Set<INestApplication>();

/** Starts an app on a free loopback port. {@link closeApps} ends it. */
export async function startApp(options: AppOptions): Promise<INestApplication> {
  const app = await createApp(options);
  started.add(app);
  await options.configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** Creates an app without initializing it. */
export async function createApp(options: AppOptions): Promise<INestApplication> {
  const { bootstrap = 'NestFactory', nest, override = builder => builder } = options;
  const root = rootModule(options);
  const adapter = createAdapter(options);
  const nestOptions: NestApplicationOptions = { logger: false, abortOnError: false, ...nest };
  if (bootstrap === 'NestFactory') return NestFactory.create(root, adapter, nestOptions);
  const testing = await override(Test.createTestingModule({ imports: [root] })).compile();
  return testing.createNestApplication(adapter, nestOptions);
}

/** Boots an app whose configuration is to be refused. */
export async function configurationErrorOf(options: AppOptions): Promise<CorsConfigurationError> {
  const app = await createApp(options);
  try {
    await options.configure?.(app);
    const error: unknown = await app.init().then(
      () => 'the app booted',
      (thrown: unknown) => thrown,
    );
    if (error instanceof CorsConfigurationError) return error;
    throw new Error(`Not a CorsConfigurationError: ${String(error)}`, { cause: error });
  } finally {
    await app.close();
  }
}

function createAdapter({ platform = 'express', fastify = {} }: AppOptions): AbstractHttpAdapter {
  return platform === 'express' ? new ExpressAdapter() : (new FastifyAdapter(fastify) as AbstractHttpAdapter);
}

function rootModule({ imports = [], controllers = [], providers = [], exports = [], cors }: AppOptions): Type {
  class RootModule {}
  const withCors = cors === undefined ? imports : [...imports, CorsModule.forRoot(cors)];
  Module({ imports: withCors, controllers, providers, exports })(RootModule);
  return RootModule;
}

export async function closeApps(): Promise<void> {
  const apps = [...started];
  started.clear();
  await Promise.all(apps.map(app => app.close()));
}
