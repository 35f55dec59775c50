import { resolverFix, type ProblemCode } from '../../issues/catalog.js';
import type { OriginProblem } from './diagnose.js';

/** Hints that have the corrected form as code: it may be a list or a resolver. */
const IN_CODE: ReadonlySet<ProblemCode> = new Set([
  'origin_regexp',
  'origin_joined',
  'origin_quoted',
  'origin_wildcard',
  'origin_scheme_wildcard',
]);

/** A corrected form as the hint of its problem has it; `undefined` if there is none. */
export function fixText(
  { code, fix, entries, resolver }: OriginProblem,
  { inList }: { readonly inList: boolean },
): string | undefined {
  if (!IN_CODE.has(code)) return fix;
  if (resolver !== undefined) return resolverFix([resolver]);
  const texts = entries ?? (fix === undefined ? [] : [fix]);
  if (texts.length === 0) return undefined;
  const list = texts.map(text => `'${text}'`).join(', ');
  // In a list, each is another entry of it.
  return texts.length === 1 || inList ? list : `[${list}]`;
}
