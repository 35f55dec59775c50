import { hintOf, PROBLEMS, type ProblemCode } from './catalog.js';

/** A problem in the options of one level: what and where in them, not yet where in the app. */
export interface Problem {
  readonly code: ProblemCode;
  /** The option and, in a list, the entry: `origin[1]`. */
  readonly path: string;
  readonly value: unknown;
  readonly hint: string;
}

export function problem(code: ProblemCode, path: string, value: unknown, fix?: string): Problem {
  return { code, path, value, hint: hintOf(code, fix) };
}

export function isError(code: ProblemCode): boolean {
  return PROBLEMS[code].severity === 'error';
}

/** Collects problems, so that one run reports all of them. */
export type Report = (issue: Problem) => void;
