/**
 * Merges names into what a response's `Vary` holds (RFC 9110 §12.5.5). Names compare without regard to case, none is
 * repeated, and `*` is left alone: nothing can be added to "everything".
 *
 * @param added names in the header's own form: `Origin, Accept`; `''`: none
 * @returns the new value, or `undefined` where the present one already says it all
 */
export function mergeVary(present: string | readonly string[] | undefined, added: string): string | undefined {
  if (present === undefined) return added === '' ? undefined : added;
  const listed = namesOf(typeof present === 'string' ? present : present.join());
  if (listed.includes('*')) return undefined;
  const byName = new Map<string, string>();
  for (const name of [...listed, ...namesOf(added)]) {
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), name);
  }
  const merged = [...byName.values()].join(', ');
  // Not their numbers: a name that was repeated makes room for one that was missing.
  return merged === listed.join(', ') ? undefined : merged;
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '');
}
