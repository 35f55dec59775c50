/**
 * Keeps what was made of the last sequence that began with something: for each beginning one, so that it never holds
 * more than there are of those. Sequences are compared part by part, with `===`.
 */
export class LastOf<Part, Value> {
  readonly #kept = new Map<
    Part | undefined,
    { readonly parts: readonly (Part | undefined)[]; readonly value: Value }
  >();

  /** @param parts may have gaps */
  get(parts: readonly (Part | undefined)[], make: () => Value): Value {
    const first = parts.find(part => part !== undefined);
    const kept = this.#kept.get(first);
    if (kept !== undefined && isSame(kept.parts, parts)) return kept.value;
    const value = make();
    this.#kept.set(first, { parts, value });
    return value;
  }
}

function isSame(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((part, index) => part === other[index]);
}
