import { Controller, Get, Post, Put, type INestApplication, type Type } from '@nestjs/common';
import fc from 'fast-check';
import { add, Cors, CorsConfigurationError, CorsService, NoCors } from 'nestjs-cors';
import { closeApps, createApp, PLATFORMS } from '../support/app.js';
import { runs } from '../support/property.js';

/** A policy as it is written, without what this test does not vary. */
interface WrittenPolicy {
  readonly origin?: '*' | false | readonly string[];
  readonly added?: readonly string[];
  readonly methods?: readonly string[];
  readonly credentials?: boolean;
  readonly others?: 'public' | 'partner' | WrittenPolicy;
}

/** A level: options, the name of a policy, or `@NoCors()`. */
type WrittenLevel = WrittenPolicy | 'public' | 'partner' | 'closed' | undefined;

const [A, B, C, D] = ['https://a.example', 'https://b.example', 'https://c.example', 'https://d.example'] as const;
const ORIGINS = [A, B, C, D, 'null', undefined];
const NAMED: Readonly<Record<'public' | 'partner', WrittenPolicy>> = {
  public: { origin: '*', methods: ['GET', 'PUT'] },
  partner: { origin: [C], credentials: true },
};

const list = fc.subarray([A, B, C], { minLength: 1 });
const methods = fc.subarray(['GET', 'PUT', 'POST'], { minLength: 1 });
const others = fc.oneof(
  fc.constantFrom('public', 'partner'),
  fc.record(
    { origin: fc.oneof(fc.constant('*' as const), list), methods, credentials: fc.boolean() },
    { requiredKeys: ['origin'], noNullPrototype: true },
  ),
);
const policy: fc.Arbitrary<WrittenPolicy> = fc.record(
  {
    origin: fc.oneof({ weight: 4, arbitrary: list }, fc.constantFrom<'*' | false>('*', false)),
    methods,
    credentials: fc.boolean(),
    others,
  },
  { requiredKeys: [], noNullPrototype: true },
);
const level: fc.Arbitrary<WrittenLevel> = fc.oneof(
  { weight: 4, arbitrary: policy },
  fc.record({ added: list, others }, { requiredKeys: ['added'], noNullPrototype: true }),
  fc.constantFrom<WrittenLevel>('public', 'partner', 'closed', undefined),
);
const moduleLevel = fc.record(
  { origin: list, others, credentials: fc.boolean(), methods },
  { requiredKeys: ['origin'], noNullPrototype: true },
);

/** What applies to a handler, said plainly: level by level, by the rules as they are written down. */
function effectiveOf(levels: readonly WrittenLevel[]): WrittenPolicy {
  return levels.reduce<WrittenPolicy>((inherited, each) => {
    if (each === undefined) return inherited;
    if (each === 'closed') return { ...withoutOthers(inherited), origin: false };
    if (typeof each === 'string') return NAMED[each];
    const { added, ...options } = each;
    if (added !== undefined) {
      const { origin } = inherited;
      return { ...inherited, ...options, origin: [...(Array.isArray(origin) ? (origin as string[]) : []), ...added] };
    }
    return { ...(options.origin === undefined ? inherited : withoutOthers(inherited)), ...options };
  }, {});
}

function withoutOthers(each: WrittenPolicy): WrittenPolicy {
  return Object.fromEntries(Object.entries(each).filter(([option]) => option !== 'others'));
}

function allows({ origin }: WrittenPolicy, asking: string): boolean {
  return origin === '*' || (Array.isArray(origin) && origin.includes(asking));
}

/** The policy that decides about an origin; `undefined`: nobody allows it. */
function sideFor(effective: WrittenPolicy, asking: string): WrittenPolicy | undefined {
  if (allows(effective, asking)) return effective;
  const { others } = effective;
  const side = typeof others === 'string' ? NAMED[others] : others;
  return side !== undefined && allows(side, asking) ? side : undefined;
}

function answerTo(effective: WrittenPolicy, asking: string | undefined, method: string): Record<string, string> {
  const vary = Array.isArray(effective.origin) ? { Vary: 'Origin' } : {};
  const side = asking === undefined ? undefined : sideFor(effective, asking);
  // `'*'` is for requests without an origin as well.
  const decides = side ?? (effective.origin === '*' ? effective : undefined);
  if (decides === undefined || decides.methods?.includes(method) === false) return vary;
  return {
    'Access-Control-Allow-Origin': decides.origin === '*' ? '*' : String(asking),
    ...(decides.credentials === true && { 'Access-Control-Allow-Credentials': 'true' }),
    ...vary,
  };
}

const VERBS = { GET: Get, PUT: Put, POST: Post };

function controllerOf(ofController: WrittenLevel, ofHandlers: readonly WrittenLevel[]): Type {
  @Controller('things')
  class ThingsController {}
  decorate(ofController, decorator => decorator(ThingsController));
  Object.values(VERBS).forEach((verb, index) => {
    const name = `handle${String(index)}`;
    const value = () => name;
    Object.defineProperty(ThingsController.prototype, name, { value, configurable: true, writable: true });
    const descriptor = Object.getOwnPropertyDescriptor(ThingsController.prototype, name) as PropertyDescriptor;
    verb()(ThingsController.prototype, name, descriptor);
    decorate(ofHandlers[index], decorator => decorator(ThingsController.prototype, name, descriptor));
  });
  return ThingsController;
}

function decorate(each: WrittenLevel, apply: (decorator: ReturnType<typeof Cors>) => void): void {
  if (each === undefined) return;
  if (each === 'closed') apply(NoCors());
  else if (typeof each === 'string') apply(Cors(each));
  else apply(Cors(written(each) as never));
}

function written({ added, ...options }: WrittenPolicy): object {
  return { ...options, ...(added !== undefined && { origin: add(...added) }) };
}

afterEach(closeApps);

describe.each(PLATFORMS)("A stranger's answer on %s", platform => {
  it("is never mixed with an own page's, whatever the levels are, and whoever asked before", async () => {
    const seen = { apps: 0, own: 0, strangers: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        moduleLevel,
        level,
        fc.array(level, { minLength: 3, maxLength: 3 }),
        fc.array(fc.tuple(fc.constantFrom(...ORIGINS), fc.constantFrom('GET', 'PUT', 'POST')), {
          minLength: 12,
          maxLength: 24,
        }),
        async (ofModule, ofController, ofHandlers, requests) => {
          const app = await createApp({
            platform,
            cors: { ...written(ofModule), policies: NAMED } as never,
            controllers: [controllerOf(ofController, ofHandlers)],
          });
          try {
            if (!(await boots(app))) return;
            seen.apps++;
            const service = app.get(CorsService);
            const effective = Object.fromEntries(
              Object.keys(VERBS).map((verb, at) => [verb, effectiveOf([ofModule, ofController, ofHandlers[at]])]),
            );
            for (const [origin, method] of requests) {
              const { preflight, actual } = await service.explain({
                method,
                url: '/things',
                ...(origin !== undefined && { origin }),
              });
              const own = effective[method] ?? {};
              expect([method, origin, actual.headers]).toEqual([method, origin, answerTo(own, origin, method)]);
              if (origin === undefined) continue;
              const side = sideFor(own, origin);
              const isAllowed = side !== undefined && side.methods?.includes(method) !== false;
              expect([method, origin, preflight.allowed]).toEqual([method, origin, isAllowed]);
              seen[!isAllowed ? 'refused' : side === own ? 'own' : 'strangers']++;
              if (!isAllowed) continue;
              expect(preflight.headers).toMatchObject(answerWithoutVary(own, origin, method));
              // Whatever is listed has this very answer as well.
              for (const listed of (preflight.headers['Access-Control-Allow-Methods'] ?? '').split(', ')) {
                if (listed === 'HEAD') continue;
                const other = effective[listed] ?? {};
                expect([listed, sideFor(other, origin) === other]).toEqual([listed, side === own]);
                expect(answerWithoutVary(other, origin, listed)).toEqual(answerWithoutVary(own, origin, method));
              }
            }
          } finally {
            await app.close();
          }
        },
      ),
      runs(150),
    );
    // Or else this says nothing.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  });
});

function answerWithoutVary(effective: WrittenPolicy, origin: string, method: string): Record<string, string> {
  return Object.fromEntries(Object.entries(answerTo(effective, origin, method)).filter(([name]) => name !== 'Vary'));
}

/** What random levels say may be no policy at all. */
async function boots(app: INestApplication): Promise<boolean> {
  try {
    await app.init();
    return true;
  } catch (error) {
    if (error instanceof CorsConfigurationError) return false;
    throw error;
  }
}
