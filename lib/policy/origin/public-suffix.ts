import { onDemand } from '../../lazy/import.js';

/**
 * Whether anyone can register a name directly under this host: the public suffix list, private section included
 * (`github.io`, `vercel.app`), and its default rule (a lone label is a suffix).
 */
export function isPublicSuffix(host: string): boolean {
  return onDemand.tldts().getPublicSuffix(host, { allowPrivateDomains: true, validateHostname: false }) === host;
}
