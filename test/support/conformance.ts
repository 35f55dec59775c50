import { existsSync, readFileSync } from 'node:fs';

/** A row of `origins.json`: a policy's allowlist and the raw header that it must allow or deny. */
export interface OriginCase {
  readonly id: string;
  readonly origin: readonly string[];
  readonly requestOrigin: string;
  readonly must: 'allow' | 'deny';
  readonly why: string;
}

/** A row of `configuration.json`: options of `CorsModule.forRoot()` and how boot takes them. */
export interface ConfigurationCase {
  readonly id: string;
  readonly options: unknown;
  readonly expect: 'ok' | 'warn' | 'error';
  readonly why: string;
  readonly nodeEnv?: string;
}

/** A row of `scenarios.json`: a test in words. Its id is in the title of each test of it. */
export interface Scenario {
  readonly id: string;
}

interface ConformanceFiles {
  readonly origins: OriginCase;
  readonly configuration: ConfigurationCase;
  readonly scenarios: Scenario;
}

const FOLDER = new URL('../../../shared/conformance/', import.meta.url);
const fileOf = (name: keyof ConformanceFiles) => new URL(`${name}.json`, FOLDER);

/** One test for each row of a file of the conformance data. A clone without it skips them and says so. */
export function itEachCase<Name extends keyof ConformanceFiles>(
  name: Name,
  title: string,
  check: (row: ConformanceFiles[Name]) => void,
): void {
  const rows = casesOf(name);
  if (rows === undefined) it.skip(`needs ${fileOf(name).pathname}`, () => undefined);
  else it.each(rows)(title, check);
}

/**
 * The rows of a file of the conformance data, which lies beside the project: `../shared/conformance`. `undefined` in a
 * clone without it; CI has it.
 */
export function casesOf<Name extends keyof ConformanceFiles>(
  name: Name,
): readonly ConformanceFiles[Name][] | undefined {
  const file = fileOf(name);
  if (!existsSync(file)) {
    if (process.env['CI'] === undefined) return undefined;
    throw new Error(`The conformance data is missing: these tests read ${file.pathname}.`);
  }
  const rows: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (!Array.isArray(rows) || rows.length === 0) throw new Error(`${file.pathname} holds no cases.`);
  return rows as readonly ConformanceFiles[Name][];
}

/** Replaces the strings that stand for what JSON cannot write: `undefined` and `NaN`. */
export function decodeOptions(value: unknown): unknown {
  if (value === '__undefined__') return undefined;
  if (value === 'NaN') return NaN;
  if (Array.isArray(value)) return value.map(decodeOptions);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decodeOptions(each)]));
}
