import type { CorsIssueLocation, CorsIssueRoute } from '../../issues/location.js';
import type { Problem } from '../../issues/problem.js';
import type { MergedPolicy, ReportAt } from '../../policy/merge.js';
import type { ModuleOptions } from '../../policy/read-module.js';
import type { CompiledRows } from '../compile-rows.js';
import type { MergedRoute, MergedRule } from '../merged.js';
import type { ExploredApp } from '../explorer.js';

/** An app whose configuration has no errors, and where to report what is questionable in it. */
export interface CheckedApp {
  readonly app: ExploredApp;
  readonly options: ModuleOptions;
  /** Before they are compiled: which level sets what. */
  readonly module: MergedPolicy;
  readonly routes: readonly MergedRoute[];
  readonly rules: readonly MergedRule[];
  /** Compiled. */
  readonly rows: CompiledRows;
  report(location: CorsIssueLocation, problem: Problem, route?: CorsIssueRoute): void;
  /** Reports at the place of a level. */
  readonly reportAt: (...args: [...Parameters<ReportAt>, route?: CorsIssueRoute]) => void;
}

/** Looks for one kind of thing that is legal, but probably wrong. */
export type Warning = (checked: CheckedApp) => void;
