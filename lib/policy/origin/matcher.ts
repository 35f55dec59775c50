import { isListed } from '../names/list.js';
import { MAX_ORIGIN_LENGTH, parseOrigin } from './grammar.js';
import { LabelIndex } from './labels.js';
import { isExactOrigin, type OriginPattern } from './pattern.js';

/** Whether the raw bytes of an `Origin` header match a list of origins. */
export type OriginMatcher = (origin: string) => boolean;

/**
 * Compiles a list into lookups whose cost does not depend on its length. Exact origins become one set of raw strings.
 * Patterns become one set of keys; a request's origin is reduced to such keys.
 */
export function compileOrigins(patterns: readonly OriginPattern[]): OriginMatcher {
  const exact = new Set<string>();
  const wildcards: Wildcards = {
    keys: new Set(),
    labels: new LabelIndex(),
    depths: new Set(),
    deepest: 0,
    anyPort: false,
  };
  for (const pattern of patterns) {
    if (isExactOrigin(pattern)) exact.add(pattern.text);
    else addWildcard(wildcards, pattern);
  }
  // The length check comes first: a lookup hashes the whole text.
  const isExact: OriginMatcher =
    exact.size <= FEW ? isOneOf([...exact]) : origin => origin.length <= MAX_ORIGIN_LENGTH && exact.has(origin);
  if (wildcards.keys.size === 0 && wildcards.labels.isEmpty) return isExact;
  return origin => isExact(origin) || (origin.length <= MAX_ORIGIN_LENGTH && matchesWildcard(origin, wildcards));
}

/** Up to this many strings, comparing each is faster than hashing the one that is looked up. */
const FEW = 8;

function isOneOf(list: readonly string[]): OriginMatcher {
  return origin => isListed(list, origin);
}

/** The patterns of a list. */
interface Wildcards {
  readonly keys: Set<string>;
  /** Those with a `*` inside the leading label: they are in no other part. */
  readonly labels: LabelIndex;
  /** The numbers of labels after `*.`. */
  readonly depths: Set<number>;
  deepest: number;
  /** Whether any pattern ends in `:*`. */
  anyPort: boolean;
}

function addWildcard(wildcards: Wildcards, pattern: OriginPattern): void {
  wildcards.anyPort ||= pattern.port === '*';
  if (pattern.label !== undefined) return wildcards.labels.add(pattern, pattern.label);
  wildcards.keys.add(pattern.text);
  if (!pattern.subdomains) return;
  const depth = pattern.host.split('.').length;
  wildcards.depths.add(depth);
  wildcards.deepest = Math.max(wildcards.deepest, depth);
}

/** The lookup key of a pattern: the pattern as it is written, so that its text is stored once. */
export function wildcardKey({ scheme, host, subdomains, port }: Omit<OriginPattern, 'text' | 'label'>): string {
  return `${scheme}://${subdomains ? '*.' : ''}${host}${port === '' ? '' : ':'}${port}`;
}

function matchesWildcard(text: string, { keys, labels, depths, deepest, anyPort }: Wildcards): boolean {
  const origin = parseOrigin(text);
  if (origin === undefined) return false;
  const { scheme, host, port } = origin;
  if (anyPort && keys.has(wildcardKey({ scheme, host, subdomains: false, port: '*' }))) return true;

  const end = host.indexOf('.');
  if (!labels.isEmpty && end > 0) {
    const label = host.slice(0, end);
    const rest = host.slice(end + 1);
    // One character at least is left for `*`.
    if (labels.find(scheme, rest, port, label, label, end - 1) !== undefined) return true;
    if (anyPort && labels.find(scheme, rest, '*', label, label, end - 1) !== undefined) return true;
  }

  // Each suffix of whole labels that leaves at least one label in front, the shortest first, and no deeper than the
  // deepest pattern.
  let dot = host.lastIndexOf('.');
  for (let depth = 1; dot > 0 && depth <= deepest; depth++, dot = host.lastIndexOf('.', dot - 1)) {
    if (!depths.has(depth)) continue;
    const suffix = host.slice(dot + 1);
    if (keys.has(wildcardKey({ scheme, host: suffix, subdomains: true, port }))) return true;
    if (anyPort && keys.has(wildcardKey({ scheme, host: suffix, subdomains: true, port: '*' }))) return true;
  }
  return false;
}
