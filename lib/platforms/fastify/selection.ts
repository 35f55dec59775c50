import { OTHER_VALUE, type Derived, type Strategy } from './strategies.js';
import type { ConstraintStorage } from './internals.js';
import type { TreeRoute } from './tree.js';

/** The routes of one place for one method. Sets of them are masks of their indexes, as in find-my-way. */
export type Leaf = readonly TreeRoute[];

/** One mask for each leaf: what a value of one strategy leaves there. */
export type Masks = readonly number[];

/** More combinations of values than this are not tried one by one. */
const MOST_COMBINATIONS = 1024;

/**
 * The routes that may serve a method at places which are tried in this order, most specific first: by the rules of
 * find-my-way for constraints. What is not known is tried with every value that a route has, and with none.
 */
export class MethodSelection {
  readonly #strategies: readonly Strategy[];
  readonly #tables: readonly (readonly ConstraintTable[])[];

  constructor(
    readonly method: string,
    private readonly leaves: readonly Leaf[],
    strategies: readonly Strategy[],
  ) {
    const used = new Set(leaves.flatMap(leaf => leaf.flatMap(({ constraints }) => Object.keys(constraints))));
    // One that must match rules out routes without a value of its own.
    this.#strategies = strategies.filter(({ name, mustMatch }) => used.has(name) || mustMatch === true);
    this.#tables = this.#strategies.map(strategy => leaves.map(leaf => new ConstraintTable(strategy, leaf)));
  }

  get routes(): readonly TreeRoute[] {
    return this.leaves.flat();
  }

  /** For each strategy, what is left of each leaf by the value of the request; `undefined` where that is not known. */
  masksFor(derive: (strategy: Strategy, method: string) => Derived | undefined): readonly (Masks | undefined)[] {
    return this.#strategies.map((strategy, index) => {
      const derived = derive(strategy, this.method);
      return derived && (this.#tables[index] ?? []).map(table => table.maskOf(derived.value));
    });
  }

  /** The routes that are left, whether or not another one of them comes first. */
  routesLeft(known: readonly (Masks | undefined)[]): readonly TreeRoute[] {
    return this.leaves.flatMap((leaf, at) => {
      let mask = allOf(leaf);
      for (const masks of known) mask &= masks?.[at] ?? allOf(leaf);
      return leaf.filter((_route, index) => (mask & (2 ** index)) !== 0);
    });
  }

  /** Each once, in the order in which they would be tried. */
  routesFor(known: readonly (Masks | undefined)[]): readonly TreeRoute[] {
    const choices = known.map((masks, index) => (masks === undefined ? this.#possibleMasks(index) : [masks]));
    const combinations = choices.reduce((count, { length }) => count * length, 1);
    if (combinations > MOST_COMBINATIONS) return [...new Set(this.leaves.flatMap(leaf => [...leaf].reverse()))];
    const found = new Set<TreeRoute>();
    const chosen: Masks[] = [];
    const choose = (index: number): void => {
      const masks = choices[index];
      if (masks === undefined) {
        const winner = this.#winner(chosen);
        if (winner !== undefined) found.add(winner);
        return;
      }
      for (const each of masks) {
        chosen[index] = each;
        choose(index + 1);
      }
    };
    choose(0);
    return [...found];
  }

  #winner(masks: readonly Masks[]): TreeRoute | undefined {
    for (const [index, leaf] of this.leaves.entries()) {
      let mask = allOf(leaf);
      for (const each of masks) mask &= each[index] ?? 0;
      if (mask !== 0) return leaf[31 - Math.clz32(mask)];
    }
    return undefined;
  }

  #possibleMasks(index: number): readonly Masks[] {
    const tables = this.#tables[index] ?? [];
    const values = new Set(tables.flatMap(table => table.values));
    const possible = [...values, OTHER_VALUE, undefined].map(value => tables.map(table => table.maskOf(value)));
    if (tables.some(table => !table.isByValue)) {
      // Nobody knows which values are alike elsewhere: each place by itself, where those before it let a request pass.
      const least = tables.map(table => table.least);
      for (const [at, table] of tables.entries()) {
        for (const mask of table.outcomes) possible.push([...least.slice(0, at), mask, ...least.slice(at + 1)]);
      }
    }
    const distinct = new Map(possible.map(masks => [masks.join(), masks]));
    return [...distinct.values()];
  }
}

function allOf(leaf: Leaf): number {
  return 2 ** leaf.length - 1;
}

/** Which routes of a leaf each value of one strategy leaves. */
class ConstraintTable {
  /** The routes that do not have the constraint. */
  readonly #free: number;
  /** The values of the routes, with the routes that have them. */
  readonly #entries: readonly (readonly [value: unknown, mask: number])[];
  /** What a storage held last for each value, once all routes were in it. */
  readonly #held = new Map<unknown, number>();
  readonly #storage: ConstraintStorage | undefined;
  readonly #isPure: boolean;

  constructor(
    private readonly strategy: Strategy,
    private readonly leaf: Leaf,
  ) {
    const { name } = strategy;
    const entries = leaf.flatMap(({ constraints }, index) =>
      constraints[name] === undefined ? [] : [[constraints[name], 2 ** index] as const],
    );
    this.#entries = entries;
    this.#free = entries.reduce((mask, [, own]) => mask & ~own, allOf(leaf));
    this.#isPure = strategy.isPure(entries.map(([value]) => value));
    this.#storage = this.#createStorage(this.#held);
  }

  /** The values that a request may have, of which the leaf's routes know. */
  get values(): readonly unknown[] {
    return this.#entries.flatMap(([value]) => this.strategy.valuesIn(value));
  }

  /** Whether a request that has a route's own value gets that route: not so for regular expressions. */
  get isByValue(): boolean {
    if (this.strategy.mustMatch === undefined) return false;
    return this.#entries.every(([value, own]) =>
      this.strategy.valuesIn(value).every(each => (this.#lookup(this.#storage, each) & own) !== 0),
    );
  }

  /** Every mask that some value can have. */
  get outcomes(): readonly number[] {
    const matched = [0, ...this.#held.values()];
    const { mustMatch } = this.strategy;
    return [
      ...(mustMatch === true ? [] : matched.map(mask => mask | this.#free)),
      ...(mustMatch === false ? [] : [...matched, this.#free]),
    ];
  }

  /** The routes that are left for every value. */
  get least(): number {
    return this.strategy.mustMatch === false ? this.#free : 0;
  }

  /** @param value `undefined` for a request that has none */
  maskOf(value: unknown): number {
    if (value === undefined) return this.#free;
    if (this.#entries.length === 0) return this.strategy.mustMatch === true ? 0 : this.#free;
    // A storage may keep every value that it looks up: then one that no route has gets a new storage.
    const storage = this.#isPure || this.#held.has(value) ? this.#storage : this.#createStorage();
    const matched = this.#lookup(storage, value);
    return this.strategy.mustMatch === true ? matched : matched | this.#free;
  }

  /** Filled as find-my-way fills it. `undefined` where the strategy fails. */
  #createStorage(held?: Map<unknown, number>): ConstraintStorage | undefined {
    try {
      const storage = this.strategy.createStorage();
      for (const [value, own] of this.#entries) {
        const mask = maskIn(storage, value) | own;
        storage.set(value, mask);
        for (const each of this.strategy.valuesIn(value)) held?.set(each, mask);
      }
      return storage;
    } catch {
      return undefined;
    }
  }

  #lookup(storage: ConstraintStorage | undefined, value: unknown): number {
    try {
      return storage === undefined ? 0 : maskIn(storage, value) & allOf(this.leaf);
    } catch {
      return 0;
    }
  }
}

function maskIn(storage: ConstraintStorage, value: unknown): number {
  const found = storage.get(value);
  return typeof found === 'number' ? found : 0;
}
