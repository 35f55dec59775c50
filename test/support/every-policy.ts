import { Controller, type INestApplication, type Type } from '@nestjs/common';
import { Cors, type CorsModuleOptions } from 'nestjs-cors';
import type { WireRequest } from './client.js';
import { ADMIN, APP, CLOSED, EVIL, PUBLIC, readable, UNREADABLE } from './expected.js';
import type { Observation } from './observe.js';

/** A policy of each kind, by the path prefix that it has to itself. */
const POLICIES = {
  listed: { origin: APP, credentials: true, exposedHeaders: ['content-disposition'] },
  public: { origin: '*' },
  closed: false,
} as const;

/** Every kind of caller under every kind of policy. */
const CALLERS = {
  'a listed origin': ['listed', APP],
  'an origin that is not listed': ['listed', EVIL],
  'an origin that the module alone lists': ['listed', ADMIN],
  'no origin, where some are listed': ['listed', undefined],
  'any origin': ['public', EVIL],
  'no origin, where any is allowed': ['public', undefined],
  'an origin, where none is allowed': ['closed', APP],
} as const satisfies Record<string, readonly [prefix: keyof typeof POLICIES, origin: string | undefined]>;

/** What a listed origin is to observe. */
export const LISTED = readable(APP, { credentials: true, exposed: 'content-disposition' });

/** The module's policy: that of no path under a prefix. */
export const MODULE_POLICY: CorsModuleOptions = { origin: ADMIN };

/** The same, with a rule for what no controller serves under each prefix. */
export const RULE_FOR_EVERY_POLICY: CorsModuleOptions = {
  ...MODULE_POLICY,
  routes: Object.entries(POLICIES).map(([prefix, policy]) => ({ path: `/${prefix}/*path`, policy })),
};

/** The same routes under every policy: a controller for each prefix. */
export function underEveryPolicy(routes: Type): Type[] {
  return Object.entries(POLICIES).map(([prefix, policy]) => {
    const controller = class extends routes {};
    Cors(policy)(controller);
    Controller(prefix)(controller);
    return controller;
  });
}

/** What each caller observes of a request for the path under each prefix. */
export async function askEveryPolicy(
  observe: (app: INestApplication, request: WireRequest) => Promise<Observation>,
  app: INestApplication,
  { path = '', headers, ...rest }: WireRequest,
): Promise<Record<string, Observation>> {
  const observations: Record<string, Observation> = {};
  for (const [caller, [prefix, origin]] of Object.entries(CALLERS)) {
    observations[caller] = await observe(app, {
      ...rest,
      path: `/${prefix}${path}`,
      headers: { ...headers, ...(origin !== undefined && { Origin: origin }) },
    });
  }
  return observations;
}

/**
 * What each caller is to observe: the headers of the path's own policy.
 *
 * @param vary what the app itself says in `Vary`
 */
export function ofEveryPolicy(
  { status, ran }: Pick<Observation, 'status' | 'ran'>,
  vary?: string | string[],
): Record<string, Observation> {
  const withOrigin = vary !== undefined && { vary: [vary, 'Origin'].flat().join(', ') };
  const withoutOrigin = vary !== undefined && { vary };
  const cors: Record<keyof typeof CALLERS, Observation['cors']> = {
    'a listed origin': { ...LISTED, ...withOrigin },
    'an origin that is not listed': { ...UNREADABLE, ...withOrigin },
    'an origin that the module alone lists': { ...UNREADABLE, ...withOrigin },
    'no origin, where some are listed': { ...UNREADABLE, ...withOrigin },
    'any origin': { ...PUBLIC, ...withoutOrigin },
    'no origin, where any is allowed': { ...PUBLIC, ...withoutOrigin },
    'an origin, where none is allowed': { ...CLOSED, ...withoutOrigin },
  };
  return Object.fromEntries(Object.entries(cors).map(([caller, cors]) => [caller, { status, cors, ran }]));
}
