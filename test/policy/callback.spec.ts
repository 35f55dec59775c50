import { answeringFunction, callbackUse } from '../../lib/policy/callback.js';

type Callback = (error: unknown, allowed?: boolean) => void;
const origins = new Set<string>();
const lookUp = (origin: string) => Promise.resolve(origins.has(origin));

describe('callbackUse', () => {
  it.each<[string, (...args: never[]) => unknown]>([
    ['a parameter named callback', (_origin: string, callback: Callback) => void setImmediate(callback)],
    [
      'a parameter named cb, in an arrow without a block',
      (origin: string, cb: Callback) => cb(null, origins.has(origin)),
    ],
    ['a parameter named next', (_request: object, _response: object, next: () => void) => next],
    ['a parameter named done, with a default', (origin: string, _context: object, done = lookUp) => done(origin)],
    [
      'a parameter that is called',
      (origin: string, answer: Callback) => {
        if (origin === '') return false;
        void lookUp(origin).then(ok => answer(null, ok));
        return true;
      },
    ],
    [
      'two parameters and no answer',
      (origin: string, context: Callback) => {
        if (origin === '') return;
        void lookUp(origin).then(ok => Reflect.apply(context, undefined, [null, ok]));
      },
    ],
    [
      'a function with a comment among its parameters',
      function (_origin: string, /* (error, allowed) */ cb: Callback) {
        return Reflect.apply(cb, undefined, [null, true]);
      },
    ],
    [
      'an async function',
      async (origin: string, cb: Callback) => {
        cb(null, await lookUp(origin));
      },
    ],
    [
      'a method',
      new (class {
        isAllowed(origin: string, callback: Callback) {
          callback(null, origins.has(origin));
        }
      })().isAllowed,
    ],
  ])('is likely for %s', (_what, resolver) => {
    expect(callbackUse(resolver)).toBe('likely');
  });

  it.each<[string, unknown]>([
    ['one parameter', (origin: string) => origins.has(origin)],
    ['one that returns nothing', () => {}],
    ['a context', (origin: string, context: { host: string }) => origins.has(`${context.host}${origin}`)],
    [
      'a context that is taken apart',
      (origin: string, { host, url = '(' }: { host: string; url?: string }) => origins.has(`${host}${url}${origin}`),
    ],
    ['a method of the context', (_origin: string, context: { done(): boolean }) => context.done()],
    [
      'a function that calls what is named like its context',
      (origin: string, has: unknown) => origins.has(origin) && has === undefined,
    ],
    ['no function', { isAllowed: true }],
  ])('is unlikely for %s', (_what, resolver) => {
    expect(callbackUse(resolver)).toBe('unlikely');
  });

  it.each<[string, unknown]>([
    ['bound', ((origin: string, cb: Callback) => cb(null, origins.has(origin))).bind(undefined)],
    ['rest parameters', (...args: readonly unknown[]) => args],
    ['arguments', new Function('return arguments')],
  ])('is not known of a function whose source does not show it: %s', (_what, resolver) => {
    expect(callbackUse(resolver)).toBe('unknown');
  });
});

it('the method of a class is what answers, if its prototype has it', () => {
  class Origins {
    isAllowed(origin: string) {
      return origins.has(origin);
    }
  }
  class Others {
    readonly isAllowed = lookUp;
  }
  expect(answeringFunction(Origins)).toBe(Origins.prototype.isAllowed);
  expect(answeringFunction(Others)).toBeUndefined();
});
