import { PROBLEMS, type ProblemCode } from './catalog.js';
import { quote } from './text.js';
import { isError, type Problem } from './problem.js';
import { locationLabel, routeLabel, targetLabel, type CorsIssueLocation, type CorsIssueRoute } from './location.js';

/**
 * The stable code of a configuration issue. The page "Issues of a configuration" of the guide has each, with an
 * example and its fix.
 *
 * @publicApi
 */
export type CorsIssueCode = ProblemCode;

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
