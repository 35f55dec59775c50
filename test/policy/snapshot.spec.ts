import { runInNewContext } from 'node:vm';
import { add } from '../../lib/policy/add.js';
import { isOptions, snapshot, Unreadable } from '../../lib/policy/snapshot.js';

const A = 'https://a.example';
const B = 'https://b.example';
const fail = () => {
  throw new Error('trap');
};
/** A proxy, each of whose traps throws. */
const hostile = (target: object = {}) =>
  new Proxy(target, {
    get: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
  });

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('snapshot', () => {
  it('is equal to what it was made of, and shares no list and no options with it', () => {
    const options = {
      origin: [A],
      policies: { public: { origin: '*', methods: ['GET'] } },
      routes: [{ path: '/x', policy: { allowedHeaders: ['x-a'] } }],
      maxAge: 5,
      debug: undefined,
    };
    const copied = snapshot(options) as typeof options;
    expect(copied).toStrictEqual(options);
    options.origin.push(B);
    options.policies.public.methods.push('PUT');
    Object.assign(options.policies, { other: {} });
    options.routes[0]?.policy.allowedHeaders.push('x-b');
    options.routes.push({ path: '/y', policy: { allowedHeaders: [] } });
    Object.assign(options, { credentials: true, maxAge: 6 });
    expect(copied).toStrictEqual({
      origin: [A],
      policies: { public: { origin: '*', methods: ['GET'] } },
      routes: [{ path: '/x', policy: { allowedHeaders: ['x-a'] } }],
      maxAge: 5,
      debug: undefined,
    });
  });

  it.each([[undefined], [null], [true], [A], [7], [7n], [Symbol('x')]])('of %p is the same', value => {
    expect(snapshot(value)).toBe(value);
  });

  const promise = Promise.resolve({ origin: A });
  it.each<[string, unknown]>([
    ['a resolver function', () => true],
    ['a resolver class', class Tenants {}],
    ['a Map', new Map([['origin', A]])],
    ['a Set', new Set([A])],
    ['a Date', new Date(0)],
    ['a RegExp', /a/],
    ['a promise', promise],
    ['an error', new Error('x')],
    ['a URL', new URL(A)],
    ['bytes', new Uint8Array(2)],
    ['what add() made', add(A)],
    ['what cannot be read', new Unreadable('x')],
  ])('keeps %s as it is, alone and inside', (_what, value) => {
    expect(snapshot(value)).toBe(value);
    expect((snapshot({ origin: value }) as { origin: unknown }).origin).toBe(value);
    expect((snapshot([value]) as unknown[])[0]).toBe(value);
  });

  it('is the original where nothing of that can be changed, and a copy where anything can', () => {
    const sealed = Object.freeze({ origin: Object.freeze([A]), policies: Object.freeze({}) });
    expect(snapshot(sealed)).toBe(sealed);

    const origin = [A];
    const open = Object.freeze({ origin });
    const copied = snapshot(open);
    expect(copied).not.toBe(open);
    origin.push(B);
    expect(copied).toStrictEqual({ origin: [A] });

    // What a getter says may change, frozen or not.
    let maxAge = 1;
    const computed = Object.freeze({
      get maxAge() {
        return maxAge;
      },
    });
    const read = snapshot(computed);
    maxAge = 2;
    expect(read).toStrictEqual({ maxAge: 1 });
  });

  it('has what a class of options sets: fields, accessors, and private fields behind them', () => {
    class Base {
      get maxAge() {
        return 5;
      }
    }
    class Options extends Base {
      readonly #origin = [A];
      credentials = true;

      get origin() {
        return this.#origin;
      }

      help() {
        return this.#origin;
      }

      push() {
        this.#origin.push(B);
      }
    }
    const options = new Options();
    const copied = snapshot(options) as Options;
    options.push();
    expect([copied.origin, copied.maxAge, copied.credentials]).toEqual([[A], 5, true]);
    // What the class defines is not told to be an unknown option.
    expect(Object.keys(copied)).toEqual(['credentials']);
    expect(Object.hasOwn(copied, 'constructor')).toBe(false);
  });

  it('takes the nearest of what several classes define', () => {
    class Base {
      get maxAge() {
        return 5;
      }
    }
    class Nearer extends Base {
      override get maxAge() {
        return 6;
      }
    }
    expect((snapshot(new Nearer()) as Nearer).maxAge).toBe(6);
    expect((snapshot(Object.assign(Object.create({ maxAge: 7 }), { debug: true })) as Nearer).maxAge).toBe(7);
  });

  it('enumerates what the options themselves enumerate', () => {
    const options = Object.assign(Object.create({ credentials: false, debug: true }) as object, { credentials: true });
    Object.defineProperty(options, 'origin', { value: [A] });
    const copied = snapshot(options) as { origin: unknown; credentials: boolean; debug: boolean };
    expect([copied.origin, copied.credentials, copied.debug]).toEqual([[A], true, true]);
    expect(Object.keys(copied)).toEqual(['credentials']);
  });

  it('reads each getter once, and has what stands for the value of one that throws', () => {
    let reads = 0;
    const options = {
      get origin() {
        return [`https://${String(++reads)}.example`];
      },
      get maxAge() {
        throw new Error('no file');
      },
    };
    const copied = snapshot(options) as typeof options;
    expect([copied.origin, copied.origin, reads]).toEqual([['https://1.example'], ['https://1.example'], 1]);
    expect(copied.maxAge).toEqual(new Unreadable(new Error('no file')));
    expect((snapshot(copied) as typeof options).maxAge).toBe(copied.maxAge);
    expect(Object.keys(copied)).toEqual(['origin', 'maxAge']);
  });

  it('holds what is named like parts of a prototype as keys of its own, and pollutes nothing', () => {
    const options: unknown = JSON.parse(
      '{ "__proto__": { "origin": "*" }, "constructor": { "prototype": { "origin": "*" } }, "prototype": {} }',
    );
    const copied = snapshot(options) as object;
    expect(Object.keys(copied)).toEqual(['__proto__', 'constructor', 'prototype']);
    expect(Object.getPrototypeOf(copied)).toBe(Object.prototype);
    expect('origin' in copied).toBe(false);
    expect('origin' in {}).toBe(false);
  });

  it('takes nothing from Object.prototype, whatever was put there', () => {
    Object.defineProperty(Object.prototype, 'origin', { value: '*', configurable: true, enumerable: true });
    try {
      expect(Object.keys(snapshot({ maxAge: 5 }) as object)).toEqual(['maxAge']);
      expect(Object.hasOwn(snapshot({ maxAge: 5 }) as object, 'origin')).toBe(false);
    } finally {
      delete (Object.prototype as { origin?: unknown }).origin;
    }
  });

  it('has symbols, holes and objects without a prototype', () => {
    const key = Symbol('origin');
    const options = Object.assign(Object.create(null) as object, { [key]: [A], methods: ['GET', , 'PUT'] }); // eslint-disable-line no-sparse-arrays -- the hole is what is tested
    const copied = snapshot(options) as { [key]: string[]; methods: string[] };
    expect(copied[key]).toEqual([A]);
    expect([copied.methods.length, 1 in copied.methods]).toEqual([3, false]);
  });

  it('is cyclic where the original is', () => {
    const options: Record<string, unknown> = { origin: A };
    const list: unknown[] = [options];
    list.push(list);
    options['policies'] = options;
    options['routes'] = list;
    const copied = snapshot(options) as Record<string, unknown>;
    const routes = copied['routes'] as unknown[];
    expect(copied).not.toBe(options);
    expect(copied['policies']).toBe(copied);
    expect(routes[0]).toBe(copied);
    expect(routes[1]).toBe(routes);
    expect(routes).not.toBe(list);
  });

  it.each([
    ['a proxy whose traps throw', hostile()],
    ['a list behind such a proxy', hostile([A])],
    ['a revoked proxy', revoked()],
    ['a list with one of them', [hostile()]],
    ['a list that refuses to be copied', Object.assign([A], { slice: fail })],
  ])('stands for %s, and tells it where that stands inside', (_what, value) => {
    expect(snapshot(value)).toBeInstanceOf(Unreadable);
    const copied = snapshot({ maxAge: 5, origin: value }) as { maxAge: number; origin: unknown };
    expect(copied.maxAge).toBe(5);
    expect(copied.origin).toBeInstanceOf(Unreadable);
  });

  it('stands for options that are nested too deep to be copied', () => {
    let options: object = {};
    for (let depth = 0; depth < 200_000; depth++) options = { policies: options };
    expect(typeof snapshot(options)).toBe('object');
    let list: unknown[] = [];
    for (let depth = 0; depth < 200_000; depth++) list = [list];
    expect(snapshot(list)).toBeInstanceOf(Unreadable);
  });

  it('copies a proxy that answers as what it answers', () => {
    const copied = snapshot(new Proxy({ origin: [A] }, {}));
    expect(copied).toStrictEqual({ origin: [A] });
  });
});

describe('isOptions', () => {
  it.each<[string, unknown]>([
    ['an object', {}],
    ['one without a prototype', Object.create(null)],
    ['one of a class', new (class Options {})()],
    ['one of another realm', runInNewContext('({})')],
    ['a module', { [Symbol.toStringTag]: 'Module', origin: A }],
    ['a frozen object', Object.freeze({})],
  ])('is true of %s', (_what, value) => {
    expect(isOptions(value)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a string', A],
    ['a function', () => ({})],
    ['a list', [A]],
    ['a Map', new Map()],
    ['a Map of another realm', runInNewContext('new Map()')],
    ['a Set', new Set()],
    ['a WeakMap', new WeakMap()],
    ['a Date', new Date()],
    ['a RegExp', /a/],
    ['a promise', Promise.resolve()],
    ['an error', new Error('x')],
    ['a string object', Object(A)],
    ['a generator', (function* () {})()],
    ['what add() made', add(A)],
    ['what cannot be read', new Unreadable('x')],
  ])('is false of %s', (_what, value) => {
    expect(isOptions(value)).toBe(false);
  });
});
