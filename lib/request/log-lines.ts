import { REMEDIES } from '../decision/remedies.js';
import { printable } from '../issues/text.js';

function since(skipped: number): string {
  return skipped === 0 ? '' : ` ${String(skipped)} more requests like this since the last log line.`;
}

/** Told once for each route whose responses arrive with CORS headers of their own. `place` is fit for a log. */
export function replacedLine(names: readonly string[], place: string): string {
  const shown = names.map(printable).join(', ');
  return `CorsModule replaced ${shown}, which was set on a response of ${place}: the policy of the route decides, and browsers refuse two answers. Remove what sets it (a handler, @Header(), a proxy, another CORS layer), and state with @Cors() or in \`routes\` what it was for.`;
}

/** Logged once a minute for each handler. `skipped`: how many lines like it were left out since the last one. */
export function contestedLine(target: string, origin: string, skipped: number): string {
  return `Refused ${target} from ${origin}: its handler's policy does not allow it, and its preflight may have been answered with the policy of another handler of this path (another version, a constraint, a route that passes requests on).${since(skipped)}`;
}

/** Logged once a minute. */
export function doubtLine(target: string, skipped: number): string {
  return `Sent no CORS headers for ${target}: its path can be read in several ways, and the rules in \`routes\` give them different policies. ${REMEDIES['path-ambiguous']}${since(skipped)}`;
}
