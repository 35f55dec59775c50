import { VERSION_NEUTRAL, VersioningType, type VersioningOptions } from '@nestjs/common';
import type { ConstraintStorage, FastifyConstraint } from './internals.js';
import { isThenable, recordReads } from '../../routing/record-reads.js';
import type { RoutedRequest } from '../../routing/route-matcher.js';
import { mayCarryVersion, requestWithoutVersion } from '../../routing/versions.js';

/** The value that a constraint is compared with. `undefined`: it cannot be known, any value is possible. */
export interface Derived {
  readonly value: unknown;
  /** Whether it holds for one method only. */
  readonly isOfMethod: boolean;
}

/** A value that no route has. */
export const OTHER_VALUE = Symbol('another value');

/** How Fastify distinguishes the routes of one place by a constraint. */
export interface Strategy {
  readonly name: string;
  /** Whether a route without the constraint is left out where the request has a value; absent: not known. */
  readonly mustMatch: boolean | undefined;
  /** Whether its storages keep nothing but what was registered, and so may serve every request. */
  readonly isPure: (registered: readonly unknown[]) => boolean;
  createStorage(): ConstraintStorage;
  /** The values that a request may have, of which one in a route's constraint matches it. */
  valuesIn(constraint: unknown): readonly unknown[];
  /** For a request whose headers are all here. */
  derive(request: RoutedRequest): Derived | undefined;
  /** For the requests that a preflight announces. */
  deriveAnnounced(request: RoutedRequest, method: string, headers: Announced): Derived | undefined;
  /** The headers that it reads of a request, in lower case. */
  headersRead(request: RoutedRequest): readonly string[];
}

/** The header names that a preflight announces; `ALL_HEADERS`: any request headers. */
export type Announced = string | typeof ALL_HEADERS;

export const ALL_HEADERS = Symbol('all headers');

const ONE_VALUE = (value: unknown): Derived => ({ value, isOfMethod: false });

/** A strategy of the app: what `deriveConstraint` reads decides whether its answer holds for the actual request. */
export function customStrategy(strategy: FastifyConstraint): Strategy {
  const { name, mustMatchWhenDerived = false } = strategy;
  const derive = (request: RoutedRequest) => strategy.deriveConstraint?.(request);
  // find-my-way's own test: such a strategy answers by a callback.
  const isAsync = (strategy.deriveConstraint?.length ?? 0) >= 3;
  return {
    name,
    mustMatch: mustMatchWhenDerived,
    // Nobody knows whether its storage remembers the values that it looks up.
    isPure: () => false,
    createStorage: () => strategy.storage(),
    valuesIn: constraint => [constraint],
    derive(request) {
      if (isAsync) return undefined;
      try {
        const value = derive(shield(request));
        return isThenable(value) ? undefined : ONE_VALUE(value);
      } catch {
        return undefined;
      }
    },
    deriveAnnounced(request, method, headers) {
      if (isAsync) return undefined;
      const { value, isCertain, readsAnything, readsMethod } = recordReads(request, method, derive);
      // Of an actual request: what was read nowhere may have changed since its preflight.
      const isKnown = isCertain && (headers !== ALL_HEADERS || readsAnything);
      return isKnown ? { value, isOfMethod: readsMethod } : undefined;
    },
    headersRead: request => (isAsync ? [] : recordReads(request, undefined, derive).headers),
  };
}

/** The strategy of Nest's adapter, which reads versions as the app configured. */
export function nestVersions(strategy: FastifyConstraint, versioning: VersioningOptions | undefined): Strategy {
  const custom = customStrategy(strategy);
  const type = versioning?.type;
  return {
    ...custom,
    isPure: () => true,
    valuesIn: constraint =>
      // An extractor says "none" in its own way, which equals no version of a route.
      [constraint].flat().filter(each => each !== VERSION_NEUTRAL || type !== VersioningType.CUSTOM),
    deriveAnnounced(request, method, headers) {
      if (type === VersioningType.CUSTOM) {
        const derived = custom.deriveAnnounced(request, method, headers);
        // Nest hides what an extractor throws: no version is no answer.
        return hasVersion(derived?.value) ? derived : undefined;
      }
      if (type === VersioningType.MEDIA_TYPE) return undefined;
      if (type !== VersioningType.HEADER) return custom.derive(request);
      const isUnknown = headers === ALL_HEADERS || mayCarryVersion(headers, versioning);
      return isUnknown ? undefined : custom.derive(requestWithoutVersion(request, versioning));
    },
    headersRead(request) {
      if (type === VersioningType.HEADER) return [versioning?.type === type ? versioning.header.toLowerCase() : ''];
      if (type === VersioningType.MEDIA_TYPE) return ['accept'];
      return type === VersioningType.CUSTOM ? custom.headersRead(request) : [];
    },
  };
}

/** One of find-my-way's own: those have no `deriveConstraint`, because the router reads the header itself. */
export function ownStrategy(strategy: FastifyConstraint): Strategy {
  const isHost = strategy.name === 'host';
  const header = { type: VersioningType.HEADER, header: 'accept-version' } as const;
  const read = ({ headers }: RoutedRequest) =>
    isHost ? headers['host'] || headers[':authority'] : headers['accept-version'];
  return {
    ...customStrategy(strategy),
    // For regular expressions, the storage of hosts remembers each host that it looks up.
    isPure: registered => registered.every(value => typeof value === 'string'),
    derive: request => ONE_VALUE(read(request)),
    deriveAnnounced(request, _method, headers) {
      if (isHost) return ONE_VALUE(read(request));
      const isUnknown = headers === ALL_HEADERS || mayCarryVersion(headers, header);
      return isUnknown ? undefined : ONE_VALUE(undefined);
    },
    headersRead: () => (isHost ? [] : [header.header]),
  };
}

/** One that was added to the instance before anyone could see it: its values are compared as they are. */
export function unreadableStrategy(name: string): Strategy {
  return {
    ...customStrategy({ name, storage: () => new Map() as unknown as ConstraintStorage }),
    mustMatch: undefined,
    derive: () => undefined,
    deriveAnnounced: () => undefined,
    headersRead: () => [],
  };
}

/** A request to hand to code of the app, which may write to it. */
function shield(request: RoutedRequest): RoutedRequest {
  return Object.create(request) as RoutedRequest;
}

function hasVersion(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== VERSION_NEUTRAL;
}
