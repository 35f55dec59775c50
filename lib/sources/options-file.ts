import { readFileSync, statSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CorsConfigurationError } from '../issues/configuration-error.js';
import { IssueCollector } from '../issues/issue.js';
import { problem, type Problem } from '../issues/problem.js';
import type { CorsModuleOptions } from '../policy/options.js';
import { withPlaces } from './option-places.js';
import { readDocument } from './options-document.js';

const FORMATS: ReadonlyMap<string, 'json' | 'yaml'> = new Map([
  ['.json', 'json'],
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
]);

/**
 * Reads the options of `CorsModule.forRoot()` from a file: strict JSON from `.json`, YAML 1.2 from `.yaml` and `.yml`.
 *
 * Throws if the file cannot be read. The options themselves are checked when the app boots, like all options, and every
 * problem is reported with its place in the file: `cors.yaml:3:5`. They are frozen: spread them to add options,
 * `{ ...corsOptionsFromFile('cors.yaml'), debug: true }`.
 *
 * @param path relative to the working directory, absolute, or a `file:` URL: `new URL('./cors.yaml', import.meta.url)`
 * @throws {@link CorsConfigurationError} with every reason why the file cannot be read
 * @example
 * ```ts
 * CorsModule.forRoot(corsOptionsFromFile('config/cors.yaml'));
 * ```
 * @publicApi
 */
export function corsOptionsFromFile(path: string | URL): CorsModuleOptions {
  const file = optionsPath(path);
  const format = file === undefined ? undefined : FORMATS.get(extname(file).toLowerCase());
  if (file === undefined || format === undefined) {
    throw errorOf([{ problem: problem('file_path', '', path instanceof URL ? path.href : path) }]);
  }
  const text = readText(file);
  if (typeof text !== 'string') throw errorOf([{ problem: text }]);
  const { options, written, problems } = readDocument(text, format);
  if (problems.length > 0) {
    throw errorOf(problems.map(({ problem: each, place }) => ({ problem: each, file: `${file}:${place}` })));
  }
  // Whether these are valid options is checked at boot.
  return withPlaces(
    options as CorsModuleOptions,
    written.map(option => ({ ...option, place: `${file}:${option.place}` })),
  );
}

function optionsPath(path: unknown): string | undefined {
  if (!(path instanceof URL)) return typeof path === 'string' ? path : undefined;
  try {
    return fileURLToPath(path);
  } catch {
    // Another scheme, or an impossible path.
    return undefined;
  }
}

function readText(file: string): string | Problem {
  let bytes: Uint8Array;
  try {
    // Reading from a pipe or a device might never end.
    if (!statSync(file).isFile()) return problem('file_kind', '', file);
    bytes = readFileSync(file);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    return missing ? problem('file_missing', '', file, process.cwd()) : problem('file_unreadable', '', file, message);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return problem('file_encoding', '', file);
  }
}

function errorOf(problems: readonly { readonly problem: Problem; readonly file?: string }[]): CorsConfigurationError {
  const issues = new IssueCollector();
  for (const { problem: each, file } of problems)
    issues.add({ level: 'file', ...(file !== undefined && { file }) }, each);
  return new CorsConfigurationError(issues.errors());
}
