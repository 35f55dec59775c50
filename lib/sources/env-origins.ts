import { throwErrors } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem, type Problem, type Report } from '../issues/problem.js';
import { isOriginProblem, parseOriginPattern } from '../policy/origin/pattern.js';
import { unreadable } from '../policy/read.js';

/**
 * The source of {@link originsFromEnv}: variables by name, or Nest's `ConfigService`.
 *
 * @publicApi
 */
export type CorsEnvironment = Readonly<Record<string, string | undefined>> | { get(name: string): unknown };

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
  const origins = readOrigins(name, env, each => issues.add({ level: 'environment', variable: name }, each));
  throwErrors(issues);
  return origins;
}

function readOrigins(name: string, env: CorsEnvironment, report: Report): string[] {
  const assignment = (origins: readonly string[]) => `${name}=${origins.join()}`;
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
  const entries = (value ?? '').split(/[\s,]+/).filter(entry => entry !== '');
  if (entries.length === 0) report(problem('environment_empty', name, value, assignment(EXAMPLE)));
  entries.forEach((entry, index) => {
    const mistake = checkEntry(entry, `${name}[${String(index)}]`, assignment);
    if (mistake !== undefined) report(mistake);
  });
  return entries;
}

function lookUp(name: string, env: CorsEnvironment): unknown {
  if (typeof env.get === 'function') return env.get(name);
  // Own properties only: `toString` is not a variable.
  return Object.hasOwn(env, name) ? (env as Readonly<Record<string, unknown>>)[name] : undefined;
}

function checkEntry(
  entry: string,
  path: string,
  assignment: (origins: readonly string[]) => string,
): Problem | undefined {
  const result = parseOriginPattern(entry);
  if (!isOriginProblem(result)) return undefined;
  if (entry === '*') return problem('environment_any', path, entry, assignment(EXAMPLE));
  if (/^(?:true|false)$/i.test(entry)) return problem('environment_boolean', path, entry, assignment(EXAMPLE));
  if (entry.includes(';')) {
    const parts = entry.split(';').filter(part => part !== '');
    return problem('environment_separator', path, entry, parts.every(isValid) ? assignment(parts) : undefined);
  }
  // A JSON list, or quotes that a tool did not remove.
  if (/^["'`[]|["'`]$/.test(entry)) {
    const bare = entry.replace(/^["'`[]+|["'`\]]+$/g, '');
    return problem('environment_quoted', path, entry, isValid(bare) ? bare : undefined);
  }
  return problem(result.code, path, entry, result.fix);
}

function isValid(text: string): boolean {
  return !isOriginProblem(parseOriginPattern(text));
}
