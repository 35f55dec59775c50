import { elementsOf } from '../policy/names/list.js';

/**
 * Merges names into a response's `Vary` (RFC 9110 §12.5.5). Names are compared case-insensitively, none is repeated,
 * and `*` is left alone: nothing can be added to "everything".
 *
 * @param added names in the form of the header: `Origin, Accept`; `''`: none
 * @returns the new value, or `undefined` if the present value already has all names
 */
export function mergeVary(present: string | readonly string[] | undefined, added: string): string | undefined {
  if (present === undefined) return added === '' ? undefined : added;
  const listed = elementsOf(typeof present === 'string' ? present : present.join());
  if (listed.includes('*')) return undefined;
  const byName = new Map<string, string>();
  for (const name of [...listed, ...elementsOf(added)]) {
    if (!byName.has(name.toLowerCase())) byName.set(name.toLowerCase(), name);
  }
  const merged = [...byName.values()].join(', ');
  // Not the number of names: removing a repeated name may make up for adding a missing one.
  return merged === listed.join(', ') ? undefined : merged;
}
