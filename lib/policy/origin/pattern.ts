import { diagnose, notCanonical, pageOf, urlOrigin, SCHEMES_WITHOUT_ORIGIN, type OriginProblem } from './diagnose.js';
import { IPV6, isCanonicalPort, LABEL, MAX_HOST_LENGTH, PORT, SCHEME } from './grammar.js';
import { isAddress } from './hosts.js';

/** One entry of an allowlist, parsed: an exact origin, or a pattern with `*.` or `:*`. */
export interface OriginPattern {
  /** As it is written. */
  readonly text: string;
  readonly scheme: string;
  /** Without the leading `*.`. */
  readonly host: string;
  /** `*.` was written: any host under {@link host}, never the host itself. */
  readonly subdomains: boolean;
  /** `''` for the scheme's default, `'*'` for any. */
  readonly port: string;
}

const PATTERN = new RegExp(
  `^(?<scheme>${SCHEME})://(?<wildcard>\\*\\.)?(?<host>(?:${LABEL}\\.)*${LABEL}|${IPV6})(?::(?<port>${PORT}|\\*))?$`,
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

  const { scheme = '', wildcard, host = '', port = '' } = groups;
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme)) return pageOf(text, scheme, parse);
  if (host.length > MAX_HOST_LENGTH) return { code: 'origin_host' };
  if (port !== '' && port !== '*' && !isCanonicalPort(scheme, Number(port))) {
    return Number(port) > 65535 ? { code: 'origin_port' } : notCanonical(text, parse);
  }
  if (scheme !== 'https' && scheme !== 'http') {
    return wildcard !== undefined || port === '*'
      ? diagnose(text, parse)
      : { text, scheme, host, subdomains: false, port };
  }
  // The platform's URL parser knows how browsers serialize the rest: IPv4 and IPv6 forms, punycode.
  const canonical = urlOrigin(`${scheme}://${host}`);
  if (canonical === undefined) return { code: 'origin_host' };
  if (canonical !== `${scheme}://${host}`) return notCanonical(text, parse);
  if (wildcard !== undefined && isAddress(host)) return { code: 'origin_wildcard' };
  return { text, scheme, host, subdomains: wildcard !== undefined, port };
}

export function isOriginProblem(result: OriginPattern | OriginProblem): result is OriginProblem {
  return 'code' in result;
}
