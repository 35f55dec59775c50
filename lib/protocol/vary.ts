/**
 * Merges names into what a response's `Vary` holds (RFC 9110 §12.5.5). Names compare without regard to case, none is
 * repeated, and `*` is left alone: nothing can be added to "everything".
 *
 * @returns the new value, or `undefined` where the present one already says it all
 */
export function mergeVary(
  present: string | readonly string[] | undefined,
  names: readonly string[],
): string | undefined {
  const listed = (typeof present === 'string' ? present : (present ?? []).join())
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
  if (listed.includes('*')) return undefined;
  const byName = new Map<string, string>();
  for (const name of [...listed, ...names]) {
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), name);
  }
  const merged = [...byName.values()].join(', ');
  // Not their numbers: a name that was repeated makes room for one that was missing.
  return merged === listed.join(', ') ? undefined : merged;
}
