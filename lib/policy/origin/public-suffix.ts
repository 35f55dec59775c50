import { onDemand } from '../../lazy/import.js';

/**
 * Whether anyone can register a name directly under this host: according to the public suffix list, including its
 * private section (`github.io`, `vercel.app`) and its default rule (a single label is a suffix).
 */
export function isPublicSuffix(host: string): boolean {
  return onDemand.tldts().getPublicSuffix(host, { allowPrivateDomains: true, validateHostname: false }) === host;
}
