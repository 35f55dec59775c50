/** Keeps a value for each sequence of objects, by their identity. */
export class Sequences<Value> {
  readonly #next = new Map<object, Sequences<Value>>();
  value: Value | undefined;

  /** The place of a sequence that starts here. */
  at(sequence: readonly object[]): Sequences<Value> {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- the walk starts here
    let place: Sequences<Value> = this;
    for (const each of sequence) {
      const next = place.#next.get(each) ?? new Sequences<Value>();
      place.#next.set(each, next);
      place = next;
    }
    return place;
  }
}
