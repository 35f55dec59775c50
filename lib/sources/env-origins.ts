import { assignmentHint } from '../issues/catalog.js';
import { throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import { isOriginProblem, parseOriginPattern } from '../policy/origin/pattern.js';
import { bareParts, hasQuotes } from '../policy/pieces.js';
import { unreadable } from '../policy/read.js';

/**
 * The source of {@link originsFromEnv}: variables by name, or Nest's `ConfigService`.
 *
 * @publicApi
 */
export type CorsEnvironment = Readonly<Record<string, string | undefined>> | { get(name: string): unknown };

/** Text that sets the variable to a list of origins. */
type Assignment = (origins: readonly string[]) => string;

const EXAMPLE = ['https://app.example.com', 'https://admin.example.com'];

/**
 * Turns an environment variable into a list of origins. Commas and white space separate them; empty entries are
 * dropped. Each origin must follow the rules of `origin`. An unset or empty variable is an error: it must not decide
 * who has access.
 *
 * @param name the name of the variable
 * @param env a `ConfigService`, or an object with the variables; `process.env` by default
 * @throws {@link CorsConfigurationError} with every error of the variable
 * @example
 * ```ts
 * // CORS_ORIGINS=https://app.example.com,https://admin.example.com
 * CorsModule.forRootAsync({
 *   imports: [ConfigModule],
 *   inject: [ConfigService],
 *   useFactory: (config: ConfigService): CorsModuleOptions => ({
 *     origin: originsFromEnv('CORS_ORIGINS', config),
 *   }),
 * });
 * ```
 * @publicApi
 */
export function originsFromEnv(name: string, env: CorsEnvironment = process.env): string[] {
  const issues = new IssueCollector();
  if (!isName(name)) issues.add({ level: 'app' }, problem('environment_name', 'originsFromEnv()', name));
  throwErrors(issues);
  const origins = readOrigins(name, env, each => issues.add({ level: 'environment', variable: name }, each));
  throwErrors(issues);
  return origins;
}

function readOrigins(name: string, env: CorsEnvironment, report: Report): string[] {
  const assignment: Assignment = origins => `${name}=${origins.join()}`;
  let value: unknown;
  try {
    value = lookUp(name, env);
  } catch (error) {
    report(unreadable(name, error));
    return [];
  }
  if (value !== undefined && typeof value !== 'string') {
    report(problem('environment_type', name, value, assignment(EXAMPLE)));
    return [];
  }
  const text = value ?? '';
  const whole = parseOriginPattern(text.trim());
  const isRegExp = isOriginProblem(whole) && whole.code === 'origin_regexp';
  if (!isRegExp && (/[;|]/.test(text) || hasQuotes(text))) return reportList(name, text, assignment, report);
  const entries = isRegExp ? [text.trim()] : text.split(/[\s,]+/).filter(entry => entry !== '');
  if (entries.length === 0) report(problem('environment_empty', name, value, assignment(EXAMPLE)));
  const corrected = correctedList(entries);
  entries.forEach((entry, index) => {
    const mistake = checkEntry(entry, `${name}[${String(index)}]`, assignment, corrected);
    if (mistake !== undefined) report(mistake);
  });
  return entries;
}

/** A variable with other separators, or with quotes: one problem, and those of what is beyond repair. */
function reportList(name: string, text: string, assignment: Assignment, report: Report): string[] {
  const entries = bareParts(text);
  if (entries.length === 0) {
    report(problem('environment_empty', name, text, assignment(EXAMPLE)));
    return [];
  }
  const corrected = correctedList(entries);
  const code = /[;|]/.test(text) ? 'environment_separator' : 'environment_quoted';
  report(problem(code, name, text, corrected && assignment(corrected)));
  entries.forEach((entry, index) => {
    if (correctedList([entry]) !== undefined) return;
    const mistake = checkEntry(entry, `${name}[${String(index)}]`, assignment, undefined);
    if (mistake !== undefined) report(mistake);
  });
  return [];
}

/** The origins that the entries mean; `undefined` if one of them is beyond repair: none may be left out. */
function correctedList(entries: readonly string[]): readonly string[] | undefined {
  const corrected = entries.map(entry => {
    const result = parseOriginPattern(entry);
    if (!isOriginProblem(result)) return [entry];
    // A value such as `false` is no origin.
    if (result.code === 'origin_text') return undefined;
    return result.entries ?? (result.fix === undefined ? undefined : [result.fix]);
  });
  return corrected.every(each => each !== undefined) ? corrected.flat() : undefined;
}

/** Whether this may be a name: somebody who passes `process.env.X` passes the value, or `undefined`. */
function isName(name: unknown): boolean {
  return typeof name === 'string' && name !== '' && !/:\/\/|[\s,;|*]/.test(name);
}

function lookUp(name: string, env: CorsEnvironment): unknown {
  if (typeof env.get === 'function') return env.get(name);
  // Own properties only: `toString` is not a variable.
  return Object.hasOwn(env, name) ? (env as Readonly<Record<string, unknown>>)[name] : undefined;
}

function checkEntry(
  entry: string,
  path: string,
  assignment: Assignment,
  corrected: readonly string[] | undefined,
): Problem | undefined {
  const result = parseOriginPattern(entry);
  if (!isOriginProblem(result)) return undefined;
  if (entry === '*') return problem('environment_any', path, entry, assignment(EXAMPLE));
  if (/^(?:true|false)$/i.test(entry)) return problem('environment_boolean', path, entry, assignment(EXAMPLE));
  const mistake = problem(result.code, path, entry);
  // All of the variable, and no quotes: it is typed as it is shown.
  return corrected === undefined ? mistake : { ...mistake, hint: assignmentHint(assignment(corrected)) };
}
