import { readFileSync } from 'node:fs';

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

/** A row of `scenarios.json`: an end-to-end scenario in words. */
export interface ScenarioCase {
  readonly id: string;
  readonly title: string;
  readonly app_setup: string;
  readonly request: string;
  readonly expected: string;
  readonly why: string;
}

interface ConformanceFiles {
  readonly origins: OriginCase;
  readonly configuration: ConfigurationCase;
  readonly scenarios: ScenarioCase;
}

const FOLDER = new URL('../../../shared/conformance/', import.meta.url);

/** The rows of one file of the conformance data, which lies beside the project: `../shared/conformance`. */
export function conformanceCases<Name extends keyof ConformanceFiles>(name: Name): readonly ConformanceFiles[Name][] {
  const file = new URL(`${name}.json`, FOLDER);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`The conformance data is missing: these tests read ${file.pathname}.`, { cause: error });
  }
  const rows: unknown = JSON.parse(text);
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
