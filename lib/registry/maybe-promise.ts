/** A value, or the promise of one: most resolvers answer at once, and policies without one stay synchronous. */
export type MaybePromise<Value> = Value | Promise<Value>;

/** Continues with a value at once, where it is there at once. */
export function whenKnown<Value, Result>(
  value: MaybePromise<Value>,
  next: (value: Value) => MaybePromise<Result>,
): MaybePromise<Result> {
  return value instanceof Promise ? value.then(next) : next(value);
}
