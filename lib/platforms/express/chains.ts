import type { Route } from '../../routing/route.js';
import type { Candidates } from '../../routing/route-matcher.js';
import type { Selection } from '../../routing/versions.js';

/** A layer that a preflight may be about, by its index, and for which versions it is. */
export interface Selected {
  readonly index: number;
  readonly selection: Exclude<Selection, false>;
}

/**
 * Who may serve one method, in the order of the layers that would be tried first.
 *
 * @param owners of the layers, by their indexes
 * @param passesOn whether a layer may leave a request to those behind it
 */
export function candidatesAmong(
  matching: readonly Selected[],
  owners: readonly (Route | undefined)[],
  passesOn: (index: number) => boolean,
): Candidates {
  const chains = matching.some(({ index }) => passesOn(index))
    ? chainsThrough(matching, passesOn)
    : firstOfVersions(matching).map(index => [index]);
  return chains.map(chain => chain.map(index => owners[index]));
}

/** The layers that serve some version that none before them does. */
function firstOfVersions(matching: readonly Selected[]): readonly number[] {
  const known = new Set<unknown>();
  const first: number[] = [];
  for (const { index, selection } of matching) {
    if (selection === true) return [...first, index];
    if (selection.every(version => known.has(version))) continue;
    for (const version of selection) known.add(version);
    first.push(index);
  }
  return first;
}

/** For each version, the layers that a request of it passes through, up to the first that passes nothing on. */
function chainsThrough(
  matching: readonly Selected[],
  passesOn: (index: number) => boolean,
): readonly (readonly number[])[] {
  const chainOf = (isSelected: (selection: Selected['selection']) => boolean): readonly number[] => {
    const selected = matching.filter(({ selection }) => isSelected(selection)).map(({ index }) => index);
    const last = selected.findIndex(index => !passesOn(index));
    return last === -1 ? selected : selected.slice(0, last + 1);
  };
  const versions = new Set(matching.flatMap(({ selection }) => (selection === true ? [] : selection)));
  const all = [
    ...[...versions].map(version => chainOf(selection => selection === true || selection.includes(version))),
    // Of a request with another version.
    chainOf(selection => selection === true),
  ];
  const chains = new Map(all.map(chain => [chain.join(), chain]));
  // Where one ends in a 404 and others go on, those say what may be reached.
  for (const chain of all) {
    for (let length = 0; length < chain.length; length++) chains.delete(chain.slice(0, length).join());
  }
  return [...chains.values()].sort(([one = 0], [other = 0]) => one - other);
}
