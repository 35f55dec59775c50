import { PROBLEMS, quote, type ProblemCode } from './messages.js';
import { isError, type Problem } from './policy/issue.js';
import type { CorsProvenance } from './policy/options.js';
import type { RouteRegistration } from './routing/nest-internals.js';
import { methodOf } from './routing/route-matcher.js';

/**
 * The stable code of a configuration issue. The page "Issues of a configuration" of the guide has each, with an
 * example and its fix.
 *
 * @publicApi
 */
export type CorsIssueCode = ProblemCode;

/**
 * A route that an issue affects.
 *
 * @publicApi
 */
export interface CorsIssueRoute {
  /** The name of the class. */
  readonly controller: string;
  /** The name of the method. */
  readonly handler: string;
  /** `ALL` for a handler of every method. */
  readonly method: string;
  /** The whole path, global prefix included. */
  readonly path: string;
}

/**
 * Where in the app an issue's cause is written.
 *
 * @publicApi
 */
export interface CorsIssueLocation {
  /** The kind of place: `app` is none that is written, `environment` a variable, `route` a rule for a path. */
  readonly level:
    'app' | 'module' | 'feature' | 'policy' | 'route' | 'controller' | 'handler' | 'gateway' | 'environment' | 'file';
  /** The module that imports the feature. */
  readonly module?: string;
  /** The named policy. */
  readonly policy?: string;
  /** The path of a rule in `routes`. */
  readonly rule?: string;
  /** The controller that `@Cors()` stands on, or in. */
  readonly controller?: string;
  /** The handler that `@Cors()` stands on. */
  readonly handler?: string;
  /** The environment variable. */
  readonly variable?: string;
  /** The place in the file that the options were read from: `cors.yaml:3:5`. */
  readonly file?: string;
}

/**
 * One problem of the configuration: an error, which keeps the app from booting, or a warning.
 *
 * @publicApi
 */
export interface CorsIssue {
  /** Stable: safe to branch on. */
  readonly code: CorsIssueCode;
  /** An error keeps the app from booting; a warning does not. */
  readonly severity: 'error' | 'warning';
  /** The option and, in a list, the entry: `origin[1]`. */
  readonly path: string;
  /** What was written there. */
  readonly value: unknown;
  /** What is wrong, and where. */
  readonly message: string;
  /** What to type instead. */
  readonly hint: string;
  /** Where it is written. */
  readonly location: CorsIssueLocation;
  /** The routes it affects; empty for an issue of the whole app. */
  readonly routes: readonly CorsIssueRoute[];
}

/** Collects the problems of an app, each once, with every route it affects. */
export class IssueCollector {
  readonly #found = new Map<
    string,
    { problem: Problem; location: CorsIssueLocation; routes: Map<string, CorsIssueRoute> }
  >();

  add(location: CorsIssueLocation, problem: Problem, route?: CorsIssueRoute): void {
    // Two controllers may share a name: then what they got wrong tells them apart.
    const { level, module, policy, rule, controller, handler, file } = location;
    const place = [level, module, policy, rule, controller, handler, file];
    const key = JSON.stringify([...place, problem.code, subjectOf(problem)]);
    const entry = this.#found.get(key) ?? { problem, location, routes: new Map<string, CorsIssueRoute>() };
    this.#found.set(key, entry);
    if (route !== undefined) entry.routes.set(routeLabel(route), route);
  }

  errors(): readonly CorsIssue[] {
    return this.#issues(true);
  }

  warnings(): readonly CorsIssue[] {
    return this.#issues(false);
  }

  #issues(errors: boolean): readonly CorsIssue[] {
    return [...this.#found.values()]
      .filter(({ problem }) => isError(problem.code) === errors)
      .map(({ problem, location, routes }) => toIssue(problem, location, [...routes.values()]));
  }
}

export function issueRouteOf({ controller, handlerName, verb, path }: RouteRegistration): CorsIssueRoute {
  return { controller: controller.name, handler: handlerName, method: methodOf(verb), path };
}

/** Where a field of a policy was stated, as far as its source tells. Only a route has a controller and a handler. */
export function locationOfSource(source: CorsProvenance, route: RouteRegistration | undefined): CorsIssueLocation {
  if (source.startsWith('policy:')) return { level: 'policy', policy: source.slice('policy:'.length) };
  const controller = route?.controller.name ?? '';
  if (source === 'feature') return { level: 'feature', module: route?.module.name ?? '' };
  if (source === 'controller') return { level: 'controller', controller };
  if (source === 'handler') return { level: 'handler', controller, handler: route?.handlerName ?? '' };
  return { level: 'module' };
}

/** `AdminController.list (GET /admin)` */
export function routeLabel(route: CorsIssueRoute): string {
  return `${route.controller}.${route.handler} ${targetLabel(route)}`;
}

/** `(GET /admin)` */
function targetLabel({ method, path }: CorsIssueRoute): string {
  return `(${method} ${path})`;
}

/** The place an issue's cause is written, in words. */
export function locationLabel(location: CorsIssueLocation): string {
  const label = statementLabel(location);
  return location.file === undefined ? label : `${label} (${location.file})`;
}

function statementLabel(location: CorsIssueLocation): string {
  const { level, module, policy, rule, controller, handler, variable } = location;
  switch (level) {
    case 'app':
      return 'the application';
    case 'module':
      return 'CorsModule.forRoot()';
    case 'feature':
      return `CorsModule.forFeature() of ${String(module)}`;
    case 'policy':
      return `CorsModule.forRoot(), policy '${String(policy)}'`;
    case 'route':
      return `CorsModule.forRoot(), rule for ${String(rule)}`;
    case 'controller':
      return `@Cors() of ${String(controller)}`;
    case 'handler':
      return `@Cors() of ${String(controller)}.${String(handler)}`;
    case 'gateway':
      return 'gatewayCors()';
    case 'environment':
      return `the environment variable ${String(variable)}`;
    case 'file':
      return 'corsOptionsFromFile()';
  }
}

/** The option and its value in words: `origin[1] "https://a.example/"`. */
export function subjectOf({ path, value }: Pick<CorsIssue, 'path' | 'value'>): string {
  if (path === '' || value === path) return quote(value);
  return value === undefined ? path : `${path} ${quote(value)}`;
}

function toIssue(problem: Problem, location: CorsIssueLocation, routes: readonly CorsIssueRoute[]): CorsIssue {
  const { severity, problem: text } = PROBLEMS[problem.code];
  const verb = severity === 'error' ? 'Invalid' : 'Questionable';
  return Object.freeze({
    ...problem,
    severity,
    message: `${verb} ${subjectOf(problem)} in ${placeOf({ location, routes }, 1)}: ${text}.`,
    location,
    routes: Object.freeze([...routes]),
  });
}

/** The place of an issue's cause and the routes it concerns: `@Cors() of CatsController.list (GET /cats)`. */
export function placeOf({ location, routes }: Pick<CorsIssue, 'location' | 'routes'>, most: number): string {
  const place = locationLabel(location);
  if (routes.length === 0) return place;
  // A handler's place names it already.
  const own = location.level === 'handler';
  const shown = routes.slice(0, most).map(own ? targetLabel : routeLabel);
  const rest = routes.length > most ? ` and ${String(routes.length - most)} more` : '';
  return `${place} ${own ? '' : 'on '}${shown.join(', ')}${rest}`;
}
