import { problem, type Problem } from '../issues/problem.js';
import type { ListPart, MergedOption, MergedPolicy, Level, ReportAt } from './merge.js';
import { isLoopback } from './origin/hosts.js';
import type { OriginPattern } from './origin/pattern.js';
import { indexOrigins, originPath, repetitionOf, type OriginIndex } from './origin/list.js';
import { isPublicSuffix } from './origin/public-suffix.js';
import { closestName } from './read.js';

/** The environment that the app runs in. */
export interface Environment {
  readonly production: boolean;
}

/** Checks a merged policy as a whole, for problems that no single option shows. */
export type MergedPolicyCheck = (policy: MergedPolicy, levels: readonly Level[], report: ReportAt) => void;

/**
 * Creates the check for one app. Many routes inherit one list: each list is checked once per combination of the options
 * that matter for it.
 */
export function createMergedPolicyCheck(environment: Environment): MergedPolicyCheck {
  const indexes = new WeakMap<readonly OriginPattern[], OriginIndex>();
  const judged = new WeakMap<readonly OriginPattern[], Map<string, readonly Problem[]>>();

  function problemsOf(part: ListPart<OriginPattern>, context: OriginContext): readonly Problem[] {
    const key = Object.values(context).join();
    const byContext = judged.get(part.items) ?? new Map<string, readonly Problem[]>();
    judged.set(part.items, byContext);
    const problems = byContext.get(key) ?? part.items.flatMap((item, index) => originProblems(item, index, context));
    byContext.set(key, problems);
    return problems;
  }

  function indexOf(items: readonly OriginPattern[]): OriginIndex {
    const index = indexes.get(items) ?? indexOrigins(items);
    indexes.set(items, index);
    return index;
  }

  /**
   * Warns of origins that `add()` adds without effect. A pattern that covers inherited origins is fine: it adds others.
   */
  function reportRepeatedAdditions(parts: readonly ListPart<OriginPattern>[], report: ReportAt): void {
    parts.forEach(({ level, items }, at) => {
      // Nothing precedes the first part, which may be long and inherited by many routes.
      if (at === 0) return;
      const inherited = parts.slice(0, at).map(part => indexOf(part.items));
      items.forEach((item, index) => {
        for (const list of inherited) {
          const repetition = repetitionOf(item, index, list);
          if (repetition !== undefined) return report(level, repetition);
        }
      });
    });
  }

  return (policy, levels, report) => {
    const { origin, credentials } = policy;
    if (origin.value === undefined) {
      // Beside credentials, it would not boot.
      const any = credentials.value === true ? undefined : "{ origin: '*' }";
      report(levels.at(-1), problem('origin_missing', 'origin', undefined, any));
    }
    // With a list of methods, it rejects the other methods.
    const rejectsNothing = origin.value === '*' && policy.methods.value === undefined;
    if (rejectsNothing && policy.rejectDisallowed.value === true) {
      report(nearest(levels, origin, policy.rejectDisallowed), problem('origin_any_rejecting', 'origin', '*'));
    }
    if (credentials.value === true) {
      for (const [option, code] of NOT_WITH_CREDENTIALS) {
        if (policy[option].value === '*') {
          report(nearest(levels, policy[option], credentials), problem(code, option, '*'));
        }
      }
    }
    const { resourcePolicy } = policy;
    if (origin.value === '*' && (resourcePolicy.value === 'same-origin' || resourcePolicy.value === 'same-site')) {
      const each = problem('resource_policy_with_any', 'resourcePolicy', resourcePolicy.value);
      report(nearest(levels, origin, resourcePolicy), each);
    }
    if (!Array.isArray(origin.value)) return;
    const context: OriginContext = {
      insecure: policy.dangerouslyAllowInsecureOrigins.value !== false,
      publicSuffix: policy.dangerouslyAllowPublicSuffixPatterns.value !== false,
      credentials: credentials.value === true,
      production: environment.production,
    };
    for (const part of origin.value as readonly ListPart<OriginPattern>[]) {
      for (const each of problemsOf(part, context)) report(levelOf(each, part, policy, levels), each);
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
  const { scheme, host, subdomains, label, port, text } = item;
  const path = originPath(index);
  const problems: Problem[] = [];
  const loopback = isLoopback(host);
  if (scheme === 'http' && !loopback && !context.insecure) {
    problems.push(problem('origin_insecure', path, text, secureForm(text)));
  }
  if (scheme !== 'https' && scheme !== 'http') {
    const meant = closestName(scheme, ['https', 'http']);
    if (meant !== undefined)
      problems.push(problem('origin_scheme_typo', path, text, `${meant}${text.slice(scheme.length)}`));
  }
  if (scheme === 'safari-web-extension') problems.push(problem('origin_never_sent', path, text));
  const isWildcard = subdomains || label !== undefined;
  const isPublic = isWildcard && !loopback && isPublicSuffix(host);
  if (isPublic && !context.publicSuffix) {
    // With credentials, the option that permits it would be the next error.
    const fix = wholeLabels(item) ?? (context.credentials ? 'each host you own' : undefined);
    problems.push(problem('origin_public_suffix', path, text, fix));
  } else if (isWildcard && context.credentials) {
    const code = isPublic ? 'origin_public_suffix_with_credentials' : 'origin_pattern_with_credentials';
    problems.push(problem(code, path, text));
  }
  if (port === '*' && !loopback) problems.push(problem('origin_any_port', path, text));
  if (loopback && context.production && (scheme === 'http' || scheme === 'https')) {
    problems.push(problem('origin_loopback_in_production', path, text));
  }
  return problems;
}

/** The same origin over https, without the default port. */
function secureForm(text: string): string {
  return `https${text.slice('http'.length)}`.replace(/:443$/, '');
}

/** What `https://*example.com` was perhaps meant to say: a part of a label lets in hosts that anyone can register. */
function wholeLabels({ scheme, host, label, port }: OriginPattern): string | undefined {
  if (label === undefined || label.before !== '' || label.after.startsWith('-')) return undefined;
  const parent = `${label.after}.${host}`;
  return isPublicSuffix(parent) ? undefined : `'${scheme}://*.${parent}${port === '' ? '' : `:${port}`}'`;
}

/** The option that, together with the list itself, makes an entry a problem. */
const CAUSE = {
  origin_insecure: 'dangerouslyAllowInsecureOrigins',
  origin_public_suffix: 'dangerouslyAllowPublicSuffixPatterns',
  origin_public_suffix_with_credentials: 'credentials',
  origin_pattern_with_credentials: 'credentials',
} as const;

function levelOf(
  { code }: Problem,
  part: ListPart<OriginPattern>,
  policy: MergedPolicy,
  levels: readonly Level[],
): Level | undefined {
  const cause = CAUSE[code as keyof typeof CAUSE] as (typeof CAUSE)[keyof typeof CAUSE] | undefined;
  const list = { value: part, level: part.level };
  return cause === undefined ? part.level : nearest(levels, list, policy[cause]);
}

/** The nearest level that sets one of the options: its author can see the problem. */
function nearest(levels: readonly Level[], ...options: readonly MergedOption<unknown>[]): Level | undefined {
  const indexes = options.map(option => levels.findIndex(level => level === option.level));
  return levels[Math.max(...indexes)];
}
