import { PROBLEMS, quote, type ProblemCode } from './messages.js';
import { isError, type Problem } from './policy/issue.js';

/**
 * The stable code of a configuration issue.
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
  readonly controller: string;
  readonly handler: string;
  readonly method: string;
  readonly path: string;
}

/**
 * Where in the app an issue's cause is written.
 *
 * @publicApi
 */
export interface CorsIssueLocation {
  readonly level: 'app' | 'module' | 'policy' | 'route' | 'controller' | 'handler';
  /** The named policy. */
  readonly policy?: string;
  /** The path of a rule in `routes`. */
  readonly rule?: string;
  readonly controller?: string;
  readonly handler?: string;
}

/**
 * One problem of the configuration: an error, which keeps the app from booting, or a warning.
 *
 * @publicApi
 */
export interface CorsIssue {
  /** Stable: safe to branch on. */
  readonly code: CorsIssueCode;
  readonly severity: 'error' | 'warning';
  /** The option and, in a list, the entry: `origin[1]`. */
  readonly path: string;
  /** What was written there. */
  readonly value: unknown;
  /** What is wrong, and where. */
  readonly message: string;
  /** What to type instead. */
  readonly hint: string;
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
    const { level, policy, rule, controller, handler } = location;
    const key = JSON.stringify([level, policy, rule, controller, handler, problem.code, problem.path]);
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

/** `AdminController.list` (`GET /admin`) */
export function routeLabel({ controller, handler, method, path }: CorsIssueRoute): string {
  return `${controller}.${handler} (${method} ${path})`;
}

/** The place an issue's cause is written, in words. */
export function locationLabel({ level, policy, rule, controller, handler }: CorsIssueLocation): string {
  switch (level) {
    case 'app':
      return 'the application';
    case 'module':
      return 'CorsModule.forRoot()';
    case 'policy':
      return `CorsModule.forRoot(), policy '${String(policy)}'`;
    case 'route':
      return `CorsModule.forRoot(), rule for ${String(rule)}`;
    case 'controller':
      return `@Cors() of ${String(controller)}`;
    case 'handler':
      return `@Cors() of ${String(controller)}.${String(handler)}`;
  }
}

/** The option and its value in words: `origin[1] "https://a.example/"`. */
export function subjectOf({ path, value }: Pick<CorsIssue, 'path' | 'value'>): string {
  const unquoted = path === '' || (typeof value === 'string' && value === path);
  return unquoted ? quote(value) : `${path} ${quote(value)}`;
}

function toIssue(problem: Problem, location: CorsIssueLocation, routes: readonly CorsIssueRoute[]): CorsIssue {
  const { severity, problem: text } = PROBLEMS[problem.code];
  const verb = severity === 'error' ? 'Invalid' : 'Questionable';
  const on = routes[0] === undefined ? '' : `, on ${routeLabel(routes[0])}${andMore(routes.length - 1)}`;
  return Object.freeze({
    ...problem,
    severity,
    message: `${verb} ${subjectOf(problem)} in ${locationLabel(location)}${on}: ${text}.`,
    location,
    routes: Object.freeze([...routes]),
  });
}

/** ` and 3 more` */
export function andMore(count: number): string {
  return count > 0 ? ` and ${String(count)} more` : '';
}
