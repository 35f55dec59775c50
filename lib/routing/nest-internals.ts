/**
 * Everything of Nest that is not public API, in one place. `test/routing/nest-internals.spec.ts` fails when one of
 * these moves.
 *
 * Why reach in: which handler serves a request is decided by what Nest registers on the HTTP platform, and Nest keeps
 * that to itself. Copying its rules for prefixes, versions, hosts and legacy paths would drift with every release; so its own
 * `RoutesResolver` is run a second time, against a recorder.
 */
import {
  HttpAdapterHost,
  type AbstractHttpAdapter,
  type ApplicationConfig,
  type ModuleRef,
  type NestContainer,
} from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { Injector } from '@nestjs/core/injector/injector.js';
import { LegacyRouteConverter } from '@nestjs/core/router/legacy-route-converter.js';
import { RoutesResolver } from '@nestjs/core/router/routes-resolver.js';
import type { Type } from '@nestjs/common';
import { acceptsAll, type Handler, type ModuleId, type RequestPredicate, type Route } from './route.js';

/** Present on a route's callback, copied there by Nest from the handler. */
export const PATH_METADATA = 'path';

/** The scope that `@Injectable()` or `@Controller()` gave a class. */
export const SCOPE_OPTIONS_METADATA = 'scope:options';

/** The host that a controller is bound to, or one of them; `localhost` where it is bound to none. */
export function hostOf(controller: Type): string {
  const host: unknown = Reflect.getMetadata('host', controller);
  const [first] = [host].flat();
  return typeof first === 'string' ? first : 'localhost';
}

/** Where Nest keeps what the parameters of a handler are: keys such as `2:0`, a kind and an index. */
const ROUTE_ARGS_METADATA = '__routeArguments__';
const NEXT_PARAMETER = '2:';
const HEADERS_PARAMETER = '6:';

/** Whether a handler takes `@Next()`: it may leave a request to the routes behind it. */
export function takesNext({ controller, handlerName }: Route): boolean {
  return parametersOf(controller, handlerName).some(([key]) => key.startsWith(NEXT_PARAMETER));
}

function parametersOf(controller: Type, handlerName: string): readonly [key: string, { readonly data?: unknown }][] {
  return Object.entries((Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handlerName) ?? {}) as object);
}

/** The request headers that a handler reads by name, with `@Headers('name')`, as they are written. */
export function headersReadBy({
  controller,
  handlerName,
}: Pick<Route, 'controller' | 'handlerName'>): readonly string[] {
  return parametersOf(controller, handlerName).flatMap(([key, { data }]) =>
    key.startsWith(HEADERS_PARAMETER) && typeof data === 'string' ? [data] : [],
  );
}

/** What `@WebSocketGateway()` leaves on a class. */
export interface GatewayMetadata {
  /** 0 for the app's own server. */
  readonly port: number;
  readonly options: { readonly path?: unknown; readonly namespace?: unknown; readonly cors?: unknown };
}

/** @returns `undefined` for what is no gateway */
export function gatewayMetadataOf(provider: unknown): GatewayMetadata | undefined {
  if (typeof provider !== 'function' || Reflect.getMetadata('websockets:is_gateway', provider) !== true)
    return undefined;
  return {
    port: Number(Reflect.getMetadata('port', provider) ?? 0),
    options: (Reflect.getMetadata('websockets:gateway_options', provider) ?? {}) as GatewayMetadata['options'],
  };
}

/** A WebSocket adapter of Nest, as far as it is read. */
export interface SocketAdapter {
  create(port: number, options?: { readonly path?: unknown; readonly server?: unknown }): unknown;
  /** Of the app; absent for an adapter that was made without one, or that keeps it elsewhere. */
  readonly httpServer?: unknown;
}

/** Calls back with each WebSocket adapter that an app has or gets, before it makes a server. */
export function watchSocketAdapter(config: ApplicationConfig, listener: (adapter: SocketAdapter) => void): void {
  const present = socketAdapterOf(config);
  if (present !== undefined) listener(present);
  const { setIoAdapter } = config;
  config.setIoAdapter = adapter => {
    listener(adapter as SocketAdapter);
    setIoAdapter.call(config, adapter);
  };
}

/** The WebSocket adapter of an app; `undefined` before it has one. */
export function socketAdapterOf(config: ApplicationConfig): SocketAdapter | undefined {
  return (config.getIoAdapter() as SocketAdapter | null | undefined) ?? undefined;
}

export { ExecutionContextHost, LegacyRouteConverter };

/** A connect-style function: answers, or calls `next` for "not mine". */
export type RequestFilter = (request: object, response: object, next: () => void) => unknown;

/**
 * Calls back with each HTTP adapter that a container gets from now on, as it gets it. `init$` of the host completes with
 * the first one; a testing module may create an app after the other.
 */
export function watchAdapter(host: HttpAdapterHost, listener: (adapter: AbstractHttpAdapter) => void): void {
  const { get, set } = Object.getOwnPropertyDescriptor(HttpAdapterHost.prototype, 'httpAdapter') ?? {};
  if (get === undefined || set === undefined) throw new Error('HttpAdapterHost has no accessor httpAdapter');
  Object.defineProperty(host, 'httpAdapter', {
    configurable: true,
    enumerable: false,
    get: () => get.call(host) as AbstractHttpAdapter,
    set: (adapter: AbstractHttpAdapter | null | undefined) => {
      // First, so that the edge is in place when Nest announces the adapter.
      if (adapter != null) listener(adapter);
      set.call(host, adapter);
    },
  });
}

/** What Nest does with the app of an adapter. */
export interface AppListener {
  /** Nest begins to initialize it: nothing is registered for it yet. What is thrown here rejects `app.init()`. */
  starts(): void;
  /** Nest has closed it. */
  closed(): void;
}

/** Follows the app of an adapter, which Nest itself does not pass to anyone. */
export function watchApp(adapter: AbstractHttpAdapter, listener: AppListener): void {
  const { init, close } = adapter as Partial<Pick<AbstractHttpAdapter, 'init' | 'close'>>;
  adapter.init = async (...args) => {
    listener.starts();
    await init?.apply(adapter, args);
  };
  adapter.close = async (...args: []) => {
    try {
      return (await close?.apply(adapter, args)) as unknown;
    } finally {
      listener.closed();
    }
  };
}

/** The DI container behind a `ModuleRef`. */
export function containerOf(moduleRef: ModuleRef): NestContainer {
  return (moduleRef as unknown as { container: NestContainer }).container;
}

/** A module of the container, as far as {@link importsOf} reads it. */
interface ImportingModule {
  readonly token: string;
  readonly metatype: Type;
}

/**
 * The classes of the modules that a module imports, as they are written: `module.imports` has the global modules as
 * well, which every module imports.
 */
export function importsOf(container: NestContainer, { metatype, token }: ImportingModule): readonly unknown[] {
  const written = (Reflect.getMetadata('imports', metatype) ?? []) as readonly unknown[];
  const added = container.getDynamicMetadataByToken(token, 'imports') as readonly unknown[];
  return [...written, ...added].map(each => (each as { readonly module?: unknown } | undefined)?.module ?? each);
}

/** The app's configuration: global prefix, versioning. Every HTTP application has one. */
export function applicationConfigOf(container: NestContainer): ApplicationConfig {
  if (container.applicationConfig === undefined) throw new Error('The application has no configuration');
  return container.applicationConfig;
}

/** The parts of Nest's `RouterExplorer` that a recorder replaces or listens to. */
interface RouterExplorerInternals {
  logger: object;
  createCallbackProxy(instance: object, callback: Handler, methodName: string, moduleKey: string): RequestFilter;
  createRequestScopedHandler(
    wrapper: { instance: Record<string, Handler> },
    method: unknown,
    module: unknown,
    moduleKey: string,
    methodName: string,
  ): RequestFilter;
  applyHostFilter(host: unknown, handler: RequestFilter): RequestFilter;
  applyVersionFilter(router: unknown, metadata: object, handler: RequestFilter): RequestFilter;
  copyMetadataToCallback(handler: Handler, callback: RequestFilter): void;
  routePathFactory: { getVersion(metadata: object): unknown };
}

const SILENT = { log() {}, warn() {}, error() {}, debug() {}, verbose() {} };

/** What is known of a route's handler while Nest wraps it in filters. */
interface HandlerBeingRegistered {
  readonly controller: Type;
  readonly handler: Handler;
  readonly handlerName: string;
  readonly module: ModuleId;
}

/**
 * Lists what Nest registers on the HTTP platform. Nothing is registered, no controller is instantiated, nothing is
 * logged.
 */
export function recordRoutes(container: NestContainer, adapter: AbstractHttpAdapter): readonly Route[] {
  const config = applicationConfigOf(container);
  const graph = { insertEntrypointDefinition() {}, insertClassNode() {} };
  const resolver = new RoutesResolver(container, config, new Injector(), graph as never);
  const internals = resolver as unknown as { logger: object; routerExplorer: RouterExplorerInternals };
  const explorer = internals.routerExplorer;
  internals.logger = SILENT;
  explorer.logger = SILENT;

  const routes: Route[] = [];
  let current: HandlerBeingRegistered | undefined;
  let unfiltered: RequestFilter | undefined;
  let hostFilter: RequestFilter | undefined;
  let filter: RequestFilter | undefined;
  let version: unknown;

  const modules = new Map<string, ModuleId>();
  const moduleOf = (key: string): ModuleId => {
    const known = modules.get(key);
    if (known !== undefined) return known;
    const module = { key, name: container.getModuleByKey(key)?.name ?? '' };
    modules.set(key, module);
    return module;
  };

  // Called by Nest for each handler in this order: make the callback, filter it by host, then for each path filter it
  // by version and register it.
  const begin = (instance: object, handler: Handler, handlerName: string, moduleKey: string): RequestFilter => {
    current = { controller: instance.constructor as Type, handler, handlerName, module: moduleOf(moduleKey) };
    version = undefined;
    return (unfiltered = request => ((request as Probe)[REACHED] = true));
  };
  explorer.createCallbackProxy = begin;
  explorer.createRequestScopedHandler = ({ instance }, _method, _module, moduleKey, methodName) =>
    begin(instance, instance[methodName] as Handler, methodName, moduleKey);
  // Nobody reads metadata of what is not registered, and copying it is a third of the work.
  explorer.copyMetadataToCallback = () => {};
  const { applyHostFilter, applyVersionFilter } = explorer;
  explorer.applyHostFilter = (host, handler) => (filter = hostFilter = applyHostFilter.call(explorer, host, handler));
  explorer.applyVersionFilter = (_router, metadata, handler) => {
    version = explorer.routePathFactory.getVersion(metadata);
    return (filter = applyVersionFilter.call(explorer, adapter, metadata, handler));
  };

  const register = (verb: string) => (path: string) => {
    if (current === undefined || hostFilter === undefined || filter === undefined) {
      throw new Error(`Nest registered ${verb} ${path} without a handler`);
    }
    const acceptsHost = hostFilter === unfiltered ? acceptsAll : predicateOf(hostFilter);
    const accepts = filter === hostFilter ? acceptsHost : predicateOf(filter);
    routes.push({ verb, path, ...current, version, accepts, acceptsHost });
  };
  const recorder = new Proxy(
    {},
    {
      get: (_target, property) =>
        property === 'normalizePath' ? (path: string) => normalizePath(adapter, path) : register(String(property)),
    },
  );
  const prefix = config.getGlobalPrefix();
  resolver.resolve(recorder as never, prefix === '' || prefix.startsWith('/') ? prefix : `/${prefix}`);
  return routes;
}

const REACHED = Symbol('reached');
interface Probe {
  [REACHED]?: boolean;
}

/** Runs a filter on a request. Nest's filters write what they find to the request: here that is a throw-away copy. */
function predicateOf(filter: RequestFilter): RequestPredicate {
  return request => {
    const probe = Object.create(request) as Probe;
    filter(probe, {}, () => {});
    return probe[REACHED] === true;
  };
}

/** As the adapter does, but without repeating its warnings about legacy paths. */
function normalizePath(adapter: AbstractHttpAdapter, path: string): string {
  return adapter.getType() === 'express' ? LegacyRouteConverter.tryConvert(path, { logs: false }) : path;
}
