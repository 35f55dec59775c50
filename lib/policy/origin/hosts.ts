/** An IPv4 or IPv6 literal (a canonical host whose last label is numeric is an IPv4 address: URL standard, §3.5). */
export function isAddress(host: string): boolean {
  return host.startsWith('[') || /(?:^|\.)[0-9]+$/.test(host);
}

/** Loopback names and addresses: a page from there never crossed a network. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' ||
    host.endsWith('.localhost') ||
    host === '[::1]' ||
    (isAddress(host) && host.startsWith('127.'))
  );
}
