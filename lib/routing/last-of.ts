/**
 * One cached value per first element, so the cache stays bounded: it never holds more values than there are elements
 * that a sequence can begin with. Sequences are compared element by element, with `===`.
 */
export class LastOf<Part, Value> {
  readonly #kept = new Map<
    Part | undefined,
    { readonly parts: readonly (Part | undefined)[]; readonly value: Value }
  >();

  /**
   * @param parts may have gaps. The first element must be one of a fixed set (a registered route, a flag): anything made
   *   for the request would stay in memory for ever.
   */
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
