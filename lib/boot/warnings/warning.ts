import type { CorsIssueLocation, CorsIssueRoute } from '../../issues/location.js';
import type { Problem } from '../../issues/problem.js';
import type { MergedPolicy, ReportAt } from '../../policy/merge.js';
import { reportOf, type MergedOthers } from '../../policy/others.js';
import type { ModuleOptions } from '../../policy/read-module.js';
import type { CompiledRows } from '../compile-rows.js';
import type { MergedGateway, MergedRoute, MergedRule } from '../merged.js';
import type { ExploredApp } from '../explorer.js';

/** An app whose configuration has no errors, and where to report what is questionable in it. */
export interface CheckedApp {
  readonly app: ExploredApp;
  readonly options: ModuleOptions;
  /** Before they are compiled: which level sets what. */
  readonly module: MergedPolicy;
  readonly routes: readonly MergedRoute[];
  readonly rules: readonly MergedRule[];
  /** Those on the app's own server. */
  readonly gateways: readonly MergedGateway[];
  /** Compiled. */
  readonly rows: CompiledRows;
  /** What applies to origins that a policy does not allow. */
  readonly othersOf: (merged: MergedPolicy) => MergedOthers | undefined;
  report(location: CorsIssueLocation, problem: Problem, route?: CorsIssueRoute): void;
  /** Reports at the place of a level. */
  readonly reportAt: (...args: [...Parameters<ReportAt>, route?: CorsIssueRoute]) => void;
}

/** Looks for one kind of thing that is legal, but probably wrong. */
export type Warning = (checked: CheckedApp) => void;

/** A route with one of the policies that apply to it: its own, or the `others` of that. */
export interface Side extends Pick<MergedRoute, 'route' | 'merged'>, Pick<CheckedApp, 'reportAt'> {
  readonly isOthers: boolean;
}

/** A route's own policy, and what applies to origins that it does not allow. */
export function sidesOf({ route, merged }: MergedRoute, { othersOf, reportAt }: CheckedApp): readonly Side[] {
  const others = othersOf(merged);
  const own: Side = { route, merged, isOthers: false, reportAt };
  if (others === undefined) return [own];
  const reportInOthers: Side['reportAt'] = (level, each, at) => {
    reportOf(others, merged, (where, problem) => reportAt(where, problem, at))(level, each);
  };
  return [own, { route, merged: others.merged, isOthers: true, reportAt: reportInOthers }];
}
