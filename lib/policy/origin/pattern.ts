import { diagnose, notCanonical, pageOf, urlOrigin, SCHEMES_WITHOUT_ORIGIN, type OriginProblem } from './diagnose.js';
import { IPV6, isCanonicalPort, LABEL, MAX_HOST_LENGTH, MAX_LABEL_LENGTH, PORT, SCHEME } from './grammar.js';
import { isAddress } from './hosts.js';

/** One entry of an allowlist, parsed: an exact origin, or a pattern with `*.`, `:*` or a `*` inside the leading label. */
export interface OriginPattern {
  /** As it is written. */
  readonly text: string;
  readonly scheme: string;
  /** Without a leading label that is `*`, or has one. */
  readonly host: string;
  /** `*.` was written: any host under {@link host}, never the host itself. */
  readonly subdomains: boolean;
  /** A `*` was written inside the leading label: any host with one more label, which begins and ends like this one. */
  readonly label?: LabelWildcard;
  /** `''` for the scheme's default, `'*'` for any. */
  readonly port: string;
}

/** A leading label with `*`, which stands for one or more characters, and never for a dot: `app-*`, `*-preview`. */
export interface LabelWildcard {
  readonly before: string;
  readonly after: string;
}

const LABEL_PART = '[a-z0-9_-]{0,62}';
const PATTERN = new RegExp(
  `^(?<scheme>${SCHEME})://(?:(?<before>${LABEL_PART})\\*(?<after>${LABEL_PART})\\.)?(?<host>(?:${LABEL}\\.)*${LABEL}|${IPV6})(?::(?<port>${PORT}|\\*))?$`,
);

/** Parses one entry of an `origin` list. Nothing is repaired: a form that is not canonical is a problem with a fix. */
export function parseOriginPattern(text: string): OriginPattern | OriginProblem {
  return parseWithin(text, MOST_CORRECTIONS);
}

/** A corrected form may need another correction. The number is bounded, so that none can go in circles. */
const MOST_CORRECTIONS = 4;

function parseWithin(text: string, corrections: number): OriginPattern | OriginProblem {
  const parse = (corrected: string) =>
    corrections === 0 ? ({ code: 'origin_host' } as const) : parseWithin(corrected, corrections - 1);
  if (text === '') return { code: 'origin_empty' };
  if (text === '*') return { code: 'origin_any_in_list' };
  if (text === 'null') return { code: 'origin_null' };
  const groups = PATTERN.exec(text)?.groups;
  if (groups === undefined) return diagnose(text, parse);

  const { scheme = '', before, after = '', host = '', port = '' } = groups;
  const label = before === undefined || before + after === '' ? undefined : { before, after };
  const subdomains = before !== undefined && label === undefined;
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme)) return pageOf(text, scheme, parse);
  // A pattern needs room for a label and its dot.
  const room = before === undefined ? 0 : before.length + after.length + 2;
  if (host.length + room > MAX_HOST_LENGTH) return { code: 'origin_host' };
  if (port !== '' && port !== '*' && !isCanonicalPort(scheme, Number(port))) {
    return Number(port) > 65535 ? { code: 'origin_port' } : notCanonical(text, parse);
  }
  if (scheme !== 'https' && scheme !== 'http') {
    return before !== undefined || port === '*'
      ? diagnose(text, parse)
      : { text, scheme, host, subdomains: false, port };
  }
  // The platform's URL parser knows how browsers serialize the rest: IPv4 and IPv6 forms, punycode.
  const canonical = urlOrigin(`${scheme}://${host}`);
  if (canonical === undefined) return { code: 'origin_host' };
  if (canonical !== `${scheme}://${host}`) return notCanonical(text, parse);
  if (before !== undefined && isAddress(host)) return { code: 'origin_wildcard' };
  if (label !== undefined && !isPossible(label)) return { code: 'origin_wildcard' };
  return { text, scheme, host, subdomains, ...(label && { label }), port };
}

/** A label has at most 63 characters, and what is written in Punycode has no parts that could be told apart. */
function isPossible({ before, after }: LabelWildcard): boolean {
  return before.length + after.length < MAX_LABEL_LENGTH && !before.startsWith('xn--');
}

/** Whether an entry is one origin, and no pattern. */
export function isExactOrigin({ subdomains, label, port }: OriginPattern): boolean {
  return !subdomains && label === undefined && port !== '*';
}

export function isOriginProblem(result: OriginPattern | OriginProblem): result is OriginProblem {
  return 'code' in result;
}
