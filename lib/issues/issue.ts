import { PROBLEMS, type ProblemCode } from './catalog.js';
import { quote } from './text.js';
import { inFile, isError, type Problem } from './problem.js';
import { locationLabel, routeLabel, targetLabel, type CorsIssueLocation, type CorsIssueRoute } from './location.js';

/**
 * The stable code of a configuration issue. The guide lists all of them on its page `docs/issues.md`, each with an
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
  readonly #entries = new Map<
    string,
    { problem: Problem; location: CorsIssueLocation; routes: Map<string, CorsIssueRoute> }
  >();

  add(location: CorsIssueLocation, problem: Problem, route?: CorsIssueRoute): void {
    // Two controllers may share a name: their problems are in the key as well.
    const { level, module, policy, rule, controller, handler, file } = location;
    const place = [level, module, policy, rule, controller, handler, file];
    const key = JSON.stringify([...place, problem.code, subjectOf(problem)]);
    const written = file === undefined ? problem : inFile(problem, file);
    const entry = this.#entries.get(key) ?? { problem: written, location, routes: new Map<string, CorsIssueRoute>() };
    this.#entries.set(key, entry);
    if (route !== undefined) entry.routes.set(routeLabel(route), route);
  }

  errors(): readonly CorsIssue[] {
    return this.#issues(true);
  }

  warnings(): readonly CorsIssue[] {
    return this.#issues(false);
  }

  #issues(errors: boolean): readonly CorsIssue[] {
    return [...this.#entries.values()]
      .filter(({ problem }) => isError(problem.code) === errors)
      .map(({ problem, location, routes }) => toIssue(problem, location, [...routes.values()]));
  }
}

/** The option and its value in words: `origin[1] "https://a.example/"`. */
export function subjectOf({ path, value }: Pick<CorsIssue, 'path' | 'value'>): string {
  if (path === '' || value === path) return quote(value);
  if (value === undefined) return path;
  const text = quote(value);
  // What is not quoted is in words: `origin (a list of 2)`.
  return /^(?:an?|the) /.test(text) ? `${path} (${text})` : `${path} ${text}`;
}

function toIssue(problem: Problem, location: CorsIssueLocation, routes: readonly CorsIssueRoute[]): CorsIssue {
  return Object.freeze({
    ...problem,
    severity: PROBLEMS[problem.code].severity,
    message: messageOf(problem, location, routes),
    location,
    routes: Object.freeze([...routes]),
  });
}

function messageOf(problem: Problem, location: CorsIssueLocation, routes: readonly CorsIssueRoute[]): string {
  const { severity, problem: text } = PROBLEMS[problem.code];
  const affected = affectedText(location, routes, 1);
  const name = nameOf(problem, location);
  if (name !== undefined) return `${name}${affected}${affected.startsWith(',') ? ',' : ''} ${text}.`;
  const verb = severity === 'error' ? 'Invalid' : 'Questionable';
  return `${verb} ${subjectOf(problem)} in ${locationLabel(location)}${affected}: ${text}.`;
}

/** What a problem is about, if its place says nothing more: `@Cors() on CatsService`, or a part of the whole app. */
function nameOf(problem: Problem, location: CorsIssueLocation): string | undefined {
  if (location.level === 'app') return subjectOf(problem);
  const place = locationLabel(location);
  return problem.value === problem.path && place.startsWith(`${problem.path} `) ? place : undefined;
}

/** The place of an issue's cause and the routes it affects: `@Cors() on CatsController.list (GET /cats)`. */
export function issuePlace({ location, routes }: Pick<CorsIssue, 'location' | 'routes'>, most: number): string {
  return `${locationLabel(location)}${affectedText(location, routes, most)}`;
}

function affectedText({ level }: CorsIssueLocation, routes: readonly CorsIssueRoute[], most: number): string {
  if (routes.length === 0) return '';
  // A handler's place already has its name.
  const isHandler = level === 'handler';
  const shown = routes.slice(0, most).map(isHandler ? targetLabel : routeLabel);
  const rest = routes.length > most ? ` and ${String(routes.length - most)} more` : '';
  return `${isHandler ? ' ' : ', affecting '}${shown.join(', ')}${rest}`;
}
