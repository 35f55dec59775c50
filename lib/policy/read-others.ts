import { problem, type Problem, type Report } from '../issues/problem.js';
import { originsText } from './origin/list.js';
import { isOptions } from './snapshot.js';

/** The `others` option as one level sets it: a policy, or the name of one. */
export type OthersOption<Options = unknown> = { readonly name: string } | { readonly options: Options };

/**
 * Reads the `others` option; `undefined` if it has an error.
 *
 * @param readNested reads a policy
 */
export function readOthers<Options>(
  value: unknown,
  report: Report,
  path: string,
  readNested: (options: unknown, report: Report) => Options,
): OthersOption<Options> | undefined {
  if (isOptions(value)) return { options: readNested(value, each => report(inOthers(each))) };
  const text = originsText(value);
  if (typeof value === 'string' && value !== '' && text === undefined) return { name: value };
  return void report(problem('others_type', path, value, text));
}

/** A problem of `others` at the level that sets it. */
export function inOthers(each: Problem): Problem {
  return { ...each, path: `others.${each.path}` };
}
