import type { CorsReason, DetailedReason } from '../decision/reason.js';
import { remedyOf } from '../decision/remedies.js';
import { locationLabel } from '../issues/location.js';
import { quotedList } from '../issues/text.js';
import type { Policy, PolicyProvenance } from '../policy/compile.js';
import { isForPages } from '../policy/names/headers.js';
import type { EffectiveCorsPolicy } from '../policy/options.js';
import type { NamedRoute } from '../routing/route.js';
import type { HandshakeRefusal } from './judge-handshake.js';
import { locationOfLevel } from './route.js';

/** The option of a policy that each reason comes from. */
const OPTIONS = {
  'no-cross-origin-access': 'origin',
  'origin-not-allowed': 'origin',
  'resolver-denied': 'origin',
  'resolver-failed': 'origin',
  'method-not-allowed': 'methods',
  'header-not-allowed': 'allowedHeaders',
} as const satisfies Partial<Record<CorsReason, keyof EffectiveCorsPolicy>>;

/** How many names a remedy shows at most; the others are counted. */
const MOST_NAMES = 20;

/** The longest name that is written out: a longer one would be cut. */
const LONGEST_WRITTEN = 100;

/** What to type, and where, to allow a refused request. */
export function remedyFor(
  refused: DetailedReason,
  policy: Policy | undefined,
  route: NamedRoute | undefined,
  most = MOST_NAMES,
): string {
  const { reason, parts } = refused;
  if (policy === undefined || !(reason in OPTIONS)) return remedyOf(refused, { most });
  const option = OPTIONS[reason as keyof typeof OPTIONS];
  const source = levelToChange(option, policy);
  const place = source === 'route' ? 'the rule for this path' : locationLabel(locationOfLevel(source, route));
  // A named policy has a place of its own.
  const where = policy.isOthers && !source.startsWith('policy:') ? `\`others\` of ${place}` : place;
  const names = option === 'allowedHeaders' ? parts.filter(isForPages) : [];
  const isWritten = names.length > 0 && names.length <= most && names.every(name => name.length <= LONGEST_WRITTEN);
  const write = isWritten ? writtenWith(names, policy) : undefined;
  // On an inner level, an option that is left out is inherited.
  const isOutermost = policy.isOthers || source === 'module' || source.startsWith('policy:');
  const or = isOutermost ? ', or leave methods out to allow the routed methods' : undefined;
  return `${remedyOf(refused, { where, write, or, most })}${boundsText(option, parts, policy)}`;
}

/** The same for a WebSocket handshake. The page may also be the app's own, under a host that the app does not see. */
export function handshakeRemedy({ refused, policy, gateway }: HandshakeRefusal): string {
  const remedy = remedyFor(refused, policy, gateway);
  const [origin = ''] = refused.parts;
  const isOrigin = refused.reason !== 'origin-null' && refused.reason !== 'origin-malformed' && origin !== '';
  return isOrigin ? `${remedy} ${OWN_PAGE}` : remedy;
}

const OWN_PAGE =
  "If it is the app's own page, list its origin in `self`, or let the app trust its proxy's X-Forwarded-Host.";

/** What to change in `bounds` as well, where these do not allow it. */
function boundsText(option: keyof PolicyProvenance, parts: readonly string[], { limits }: Policy): string {
  const [first = ''] = parts;
  if (option === 'origin') return limits.resolvable?.(first) === false ? boundsHint(option) : '';
  if (option !== 'allowedHeaders' && option !== 'methods') return '';
  const within = limits[option];
  const isWithin = (name: string) => within?.has(option === 'methods' ? name : name.toLowerCase()) ?? true;
  return parts.every(isWithin) ? '' : boundsHint(option);
}

function boundsHint(option: keyof PolicyProvenance): string {
  return ` bounds.${option} leaves it out as well: whoever maintains \`bounds\` decides first.`;
}

/** The level that sets an option. A default is to be replaced where the policy begins: a named one inherits nothing. */
function levelToChange(option: (typeof OPTIONS)[keyof typeof OPTIONS], { provenance, isOthers }: Policy): string {
  const source = provenance[option];
  if (source !== 'default') return source;
  // What applies to others inherits nothing: it is written beside its own origin.
  if (isOthers) return provenance.origin;
  return Object.values(provenance).find(each => each.startsWith('policy:')) ?? 'module';
}

/** `allowedHeaders` with further names, as it is written; `undefined` where that is too long. */
function writtenWith(names: readonly string[], { values, ownHeaders }: Policy): string | undefined {
  const { allowedHeaders } = values;
  if (allowedHeaders === '*') return undefined;
  const { isAddition, names: own } = ownHeaders;
  const all = [...own, ...names];
  if (all.length > MOST_NAMES) return undefined;
  const text = quotedList(all, all.length);
  if (!isAddition) return `allowedHeaders: [${text}]`;
  const kept = allowedHeaders.filter(name => !own.includes(name));
  return `allowedHeaders: add(${text}), which keeps ${kept.join(', ')}`;
}
