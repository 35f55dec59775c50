import { problem, type Problem } from '../issues/problem.js';
import type { ListPart, MergedField, MergedPolicy, PolicyLevel, ReportAt } from './merge.js';
import { isLoopback, type OriginPattern } from './origin/pattern.js';
import { indexOrigins, originPath, repetitionOf, type OriginIndex } from './origin/list.js';
import { isPublicSuffix } from './origin/public-suffix.js';
import { closestName } from './read.js';

/** Where the policy will run, as far as it changes what is wise. */
export interface Environment {
  readonly production: boolean;
}

/** Judges a merged policy as if it had been written whole: what no single field can tell. */
export type MergedPolicyCheck = (policy: MergedPolicy, levels: readonly PolicyLevel[], report: ReportAt) => void;

/**
 * Makes a check for one app. Lists are inherited by many routes: each is looked at once for each combination of the
 * fields it is judged with.
 */
export function createMergedPolicyCheck(environment: Environment): MergedPolicyCheck {
  const indexes = new WeakMap<readonly OriginPattern[], OriginIndex>();
  const judged = new WeakMap<readonly OriginPattern[], Map<string, readonly Problem[]>>();

  function problemsOf(part: ListPart<OriginPattern>, context: OriginContext): readonly Problem[] {
    const key = Object.values(context).join();
    const byContext = judged.get(part.items) ?? new Map<string, readonly Problem[]>();
    judged.set(part.items, byContext);
    const found = byContext.get(key) ?? part.items.flatMap((item, index) => originProblems(item, index, context));
    byContext.set(key, found);
    return found;
  }

  function indexOf(items: readonly OriginPattern[]): OriginIndex {
    const index = indexes.get(items) ?? indexOrigins(items);
    indexes.set(items, index);
    return index;
  }

  /** Warns of what `add()` adds in vain. A pattern that covers what is inherited is not: it widens the list. */
  function reportRepeatedAdditions(parts: readonly ListPart<OriginPattern>[], report: ReportAt): void {
    parts.forEach(({ level, items }, at) => {
      // Nothing is before the first part, which may be long and is inherited by many routes.
      if (at === 0) return;
      const inherited = parts.slice(0, at).map(part => indexOf(part.items));
      items.forEach((item, index) => {
        for (const list of inherited) {
          const found = repetitionOf(item, index, list);
          if (found !== undefined) return report(level, found);
        }
      });
    });
  }

  return (policy, levels, report) => {
    const { origin, credentials } = policy;
    if (origin.value === undefined) report(levels.at(-1), problem('origin_missing', 'origin', undefined));
    // With a list of methods it rejects by those.
    const rejectsNothing = origin.value === '*' && policy.methods.value === undefined;
    if (rejectsNothing && policy.rejectDisallowed.value === true) {
      report(nearest(levels, origin, policy.rejectDisallowed), problem('origin_any_rejecting', 'origin', '*'));
    }
    if (credentials.value === true) {
      for (const [field, code] of NOT_WITH_CREDENTIALS) {
        if (policy[field].value === '*') {
          report(nearest(levels, policy[field], credentials), problem(code, field, '*'));
        }
      }
    }
    if (!Array.isArray(origin.value)) return;
    const context: OriginContext = {
      insecure: policy.dangerouslyAllowInsecureOrigins.value !== false,
      publicSuffix: policy.dangerouslyAllowPublicSuffixPatterns.value !== false,
      credentials: credentials.value === true,
      production: environment.production,
    };
    for (const part of origin.value as readonly ListPart<OriginPattern>[]) {
      for (const found of problemsOf(part, context)) report(levelOf(found, part, policy, levels), found);
    }
    reportRepeatedAdditions(origin.value as readonly ListPart<OriginPattern>[], report);
    const [, second] = (origin.value as readonly ListPart<OriginPattern>[]).filter(part => part.resolver !== undefined);
    if (second !== undefined) report(second.level, problem('resolver_twice', 'origin', second.resolver));
  };
}

const NOT_WITH_CREDENTIALS = [
  ['origin', 'origin_any_with_credentials'],
  ['allowedHeaders', 'request_headers_any_with_credentials'],
  ['exposedHeaders', 'response_headers_any_with_credentials'],
] as const;

interface OriginContext {
  readonly insecure: boolean;
  readonly publicSuffix: boolean;
  readonly credentials: boolean;
  readonly production: boolean;
}

function originProblems(item: OriginPattern, index: number, context: OriginContext): readonly Problem[] {
  const { scheme, host, subdomains, port, text } = item;
  const path = originPath(index);
  const found: Problem[] = [];
  const loopback = isLoopback(host);
  if (scheme === 'http' && !loopback && !context.insecure) {
    found.push(problem('origin_insecure', path, text, secureForm(text)));
  }
  if (scheme !== 'https' && scheme !== 'http') {
    const meant = closestName(scheme, ['https', 'http']);
    if (meant !== undefined)
      found.push(problem('origin_scheme_typo', path, text, `${meant}${text.slice(scheme.length)}`));
  }
  if (subdomains && !loopback && !context.publicSuffix && isPublicSuffix(host)) {
    found.push(problem('origin_public_suffix', path, text));
  }
  if (subdomains && context.credentials) found.push(problem('origin_pattern_with_credentials', path, text));
  if (port === '*' && !loopback) found.push(problem('origin_any_port', path, text));
  if (loopback && context.production && (scheme === 'http' || scheme === 'https')) {
    found.push(problem('origin_loopback_in_production', path, text));
  }
  return found;
}

/** The same origin over https, whose default port is never written. */
function secureForm(text: string): string {
  return `https${text.slice('http'.length)}`.replace(/:443$/, '');
}

/** The field that, beside the list itself, makes an entry a problem. */
const CAUSE = {
  origin_insecure: 'dangerouslyAllowInsecureOrigins',
  origin_public_suffix: 'dangerouslyAllowPublicSuffixPatterns',
  origin_pattern_with_credentials: 'credentials',
} as const;

function levelOf(
  found: Problem,
  part: ListPart<OriginPattern>,
  policy: MergedPolicy,
  levels: readonly PolicyLevel[],
): PolicyLevel | undefined {
  const cause = CAUSE[found.code as keyof typeof CAUSE] as (typeof CAUSE)[keyof typeof CAUSE] | undefined;
  const list = { value: part, level: part.level };
  return cause === undefined ? part.level : nearest(levels, list, policy[cause]);
}

/** The nearest level that states one of the fields: the one whose author can see the problem. */
function nearest(levels: readonly PolicyLevel[], ...fields: readonly MergedField<unknown>[]): PolicyLevel | undefined {
  const indexes = fields.map(field => levels.findIndex(level => level === field.level));
  return levels[Math.max(...indexes)];
}
