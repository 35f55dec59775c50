import { VERSION_NEUTRAL, VersioningType, type VersioningOptions } from '@nestjs/common';
import type { Route } from './route.js';
import { recordReads } from './record-reads.js';
import type { RoutedRequest } from './route-matcher.js';

/**
 * Whether a route may serve the requests that a preflight announces: surely not, surely, or for these versions.
 */
export type Selection = false | true | readonly unknown[];

export type PreflightSelector = (route: Route) => Selection;

/**
 * A preflight names the headers of the request it announces, but carries none of them. So a version that is in a
 * header is unknown: every version is a candidate if the preflight announces that header, else the request is one
 * without a version. `Accept` needs no announcement. An extractor is called, and believed where it read nothing that
 * only the actual request has.
 *
 * @param method the announced method
 */
export function preflightSelector(
  request: RoutedRequest,
  method: string,
  requestHeaders: string,
  versioning: VersioningOptions | undefined,
): PreflightSelector {
  if (!mayCarryVersion(requestHeaders, versioning)) {
    return acceptedBy(requestWithoutVersion(request, versioning));
  }
  return selectorOf(request, method, versioning, isVersionTold(request, method, versioning));
}

/** The same for an actual request: who may have answered for it when its preflight was judged. */
export function rivalSelector(request: RoutedRequest, versioning: VersioningOptions | undefined): PreflightSelector {
  // What an extractor read nowhere may have changed since the preflight.
  const isTold = isVersionTold(request, undefined, versioning, { byReading: true });
  return selectorOf(request, request.method ?? 'GET', versioning, isTold);
}

function selectorOf(
  request: RoutedRequest,
  method: string,
  versioning: VersioningOptions | undefined,
  isTold: boolean,
): PreflightSelector {
  if (isTold) {
    return acceptedBy(Object.create(request, { method: { value: method } }) as RoutedRequest);
  }
  return route => {
    if (!route.acceptsHost(request)) return false;
    return isNeutral(route) || versionsOf(route, versioning);
  };
}

function acceptedBy(request: RoutedRequest): PreflightSelector {
  return route => accepts(route, request);
}

/** Whether an extractor names the version by what a preflight has in common with the request that it announces. */
function isVersionTold(
  request: RoutedRequest,
  method: string | undefined,
  versioning: VersioningOptions | undefined,
  { byReading = false } = {},
): boolean {
  if (versioning?.type !== VersioningType.CUSTOM) return false;
  const { value, isCertain, readsAnything } = recordReads(request, method, each => versioning.extractor(each));
  return isCertain && isNamed(value) && (readsAnything || !byReading);
}

/**
 * Whether an extractor names the version by what came with the request, which no middleware has seen: the others may be
 * waiting for a cookie parser.
 */
export function isVersionPresent(request: RoutedRequest, versioning: VersioningOptions | undefined): boolean {
  if (versioning?.type !== VersioningType.CUSTOM) return true;
  const { value, cameWithRequest } = recordReads(request, undefined, each => versioning.extractor(each));
  return cameWithRequest && isNamed(value);
}

/** The request headers, in lower case, that the version of a request is read from. */
export function versionHeadersOf(request: RoutedRequest, versioning: VersioningOptions | undefined): readonly string[] {
  switch (versioning?.type) {
    case VersioningType.HEADER:
      return [versioning.header.toLowerCase()];
    case VersioningType.MEDIA_TYPE:
      return ['accept'];
    case VersioningType.CUSTOM:
      return recordReads(request, undefined, each => versioning.extractor(each)).headers;
    default:
      return [];
  }
}

/** Whether a route serves a request. A custom version extractor that throws ends the request before any handler. */
export function accepts(route: Route, request: RoutedRequest): boolean {
  try {
    return route.accepts(request);
  } catch {
    // The app answers this request with the extractor's own error: no route serves it.
    return false;
  }
}

/** Whether a route serves every version, and none. */
export function isNeutral({ version }: Route): boolean {
  return version === undefined || version === VERSION_NEUTRAL;
}

/** The versions that select a route; {@link VERSION_NEUTRAL} stands for a request without one. */
export function versionsOf({ version }: Route, versioning: VersioningOptions | undefined): readonly unknown[] {
  // An extractor says "none" in its own way, which equals no version of a route.
  return [version].flat().filter(each => each !== VERSION_NEUTRAL || versioning?.type !== VersioningType.CUSTOM);
}

/** Whether the request that a preflight announces may carry a version. */
export function mayCarryVersion(requestHeaders: string, versioning: VersioningOptions | undefined): boolean {
  if (versioning?.type !== VersioningType.HEADER) return true;
  const header = versioning.header.toLowerCase();
  return requestHeaders
    .toLowerCase()
    .split(',')
    .some(name => name.trim() === header);
}

/** The request as one that names no version. */
export function requestWithoutVersion(
  request: RoutedRequest,
  versioning: VersioningOptions | undefined,
): RoutedRequest {
  if (versioning?.type !== VersioningType.HEADER) return request;
  const headers = { ...request.headers, [versioning.header.toLowerCase()]: undefined };
  return Object.create(request, { headers: { value: headers } }) as RoutedRequest;
}

function isNamed(version: unknown): boolean {
  return [version].flat().some(each => typeof each === 'string' && each !== '');
}
