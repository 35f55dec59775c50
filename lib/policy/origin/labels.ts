import type { LabelWildcard, OriginPattern } from './pattern.js';

/** Texts, and the lengths that they have: who looks for the beginning of another text among them tries each length. */
class ByLength<Value> {
  readonly values = new Map<string, Value>();
  /** At most 63: all of them are parts of a label. */
  readonly lengths: number[] = [];

  set(text: string, value: Value): void {
    if (!this.lengths.includes(text.length)) this.lengths.push(text.length);
    this.values.set(text, value);
  }
}

/** What stands after the `*` of one or several patterns. */
type Afters = string | ByLength<true>;

/** The patterns under one host. Most hosts have one. */
type LabelsOfHost = LabelWildcard | ByLength<Afters>;

/**
 * The patterns of a list that have a `*` inside the leading label. Whether one of them matches is a few lookups, however
 * long the list is: at most one for each length that what stands before a `*` has under that host, and one for each
 * length of what stands after it.
 */
export class LabelIndex {
  readonly #byHost = new Map<string, LabelsOfHost>();

  get isEmpty(): boolean {
    return this.#byHost.size === 0;
  }

  add({ scheme, host, port }: OriginPattern, label: LabelWildcard): void {
    const key = parentKey(scheme, host, port);
    const known = this.#byHost.get(key);
    if (known === undefined) this.#byHost.set(key, label);
    else if (known instanceof ByLength) addTo(known, label);
    else {
      const all = new ByLength<Afters>();
      addTo(all, known);
      addTo(all, label);
      this.#byHost.set(key, all);
    }
  }

  /**
   * The leading label of a pattern, if there is one under this host whose ends are those of another label.
   *
   * @param begin the other label, or what stands before its own `*`
   * @param end the other label, or what stands after its own `*`
   * @param most how long what stands before and after `*` may be together
   */
  find(scheme: string, host: string, port: string, begin: string, end: string, most: number): string | undefined {
    const known = this.#byHost.get(parentKey(scheme, host, port));
    if (known === undefined) return undefined;
    if (known instanceof ByLength) return findIn(known, begin, end, most);
    const { before, after } = known;
    const isFound = before.length + after.length <= most && begin.startsWith(before) && end.endsWith(after);
    return isFound ? `${before}*${after}` : undefined;
  }
}

function addTo(all: ByLength<Afters>, { before, after }: LabelWildcard): void {
  const known = all.values.get(before);
  if (known === undefined) return all.set(before, after);
  const afters = known instanceof ByLength ? known : new ByLength<true>();
  if (typeof known === 'string') afters.set(known, true);
  afters.set(after, true);
  all.set(before, afters);
}

function findIn(all: ByLength<Afters>, begin: string, end: string, most: number): string | undefined {
  for (const length of all.lengths) {
    if (length > begin.length) continue;
    const before = begin.slice(0, length);
    const afters = all.values.get(before);
    const after = afters === undefined ? undefined : endIn(afters, end, most - length);
    if (after !== undefined) return `${before}*${after}`;
  }
  return undefined;
}

function endIn(afters: Afters, end: string, most: number): string | undefined {
  if (typeof afters === 'string') return afters.length <= most && end.endsWith(afters) ? afters : undefined;
  for (const length of afters.lengths) {
    if (length > most || length > end.length) continue;
    const after = end.slice(end.length - length);
    if (afters.values.has(after)) return after;
  }
  return undefined;
}

function parentKey(scheme: string, host: string, port: string): string {
  return `${scheme}://${host}:${port}`;
}
