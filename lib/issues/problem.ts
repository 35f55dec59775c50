import { hintOf, LIST_EACH_ORIGIN, PROBLEMS, type ProblemCode } from './catalog.js';

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

/** The same problem where no resolver is possible: in bounds, for a gateway. */
export function withoutResolver(each: Problem): Problem {
  const proposesOne =
    /^origin_(?:regexp|wildcard|scheme_wildcard|public_suffix)$/.test(each.code) && each.hint.includes('resolver');
  return proposesOne ? { ...each, hint: LIST_EACH_ORIGIN } : each;
}

/** The same problem in a file of options: without code that no file can hold, and with the quotes of JSON. */
export function inFile(each: Problem, file: string): Problem {
  const { hint } = withoutResolver(each);
  const isJson = /\.json:[0-9]+:[0-9]+$/i.test(file);
  return { ...each, hint: isJson ? hint.replace(/'([^'\s]+)'/g, '"$1"') : hint };
}

export function isError(code: ProblemCode): boolean {
  return PROBLEMS[code].severity === 'error';
}

/** Collects problems, so that one run reports all of them. */
export type Report = (issue: Problem) => void;
