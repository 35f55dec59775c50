import { VERSION_NEUTRAL, VersioningType, type VersioningOptions } from '@nestjs/common';
import type { RouteRegistration } from './nest-internals.js';
import type { RoutedRequest } from './route-matcher.js';

/**
 * Whether a route may serve the requests that a preflight announces: surely not, surely, or for these versions.
 */
export type Selection = false | true | readonly unknown[];

export type PreflightSelector = (registration: RouteRegistration) => Selection;

/**
 * A preflight names the headers of the request it announces, but carries none of them. So a version that is in a
 * header is unknown: every version is a candidate if the preflight announces that header, else the request is one
 * without a version. `Accept` needs no announcement, and a custom extractor may read anything.
 */
export function preflightSelector(
  request: RoutedRequest,
  requestHeaders: string,
  versioning: VersioningOptions | undefined,
): PreflightSelector {
  if (!mayCarryVersion(requestHeaders, versioning)) {
    const unversioned = requestWithoutVersion(request, versioning);
    return registration => accepts(registration, unversioned);
  }
  return registration => {
    if (!registration.acceptsHost(request)) return false;
    return isNeutral(registration) || versionsOf(registration, versioning);
  };
}

/** Whether a route serves a request. A custom version extractor that throws ends the request before any handler. */
export function accepts(registration: RouteRegistration, request: RoutedRequest): boolean {
  try {
    return registration.accepts(request);
  } catch {
    // The app answers this request with the extractor's own error: no route serves it.
    return false;
  }
}

/** Whether a route serves every version, and none. */
export function isNeutral({ version }: RouteRegistration): boolean {
  return version === undefined || version === VERSION_NEUTRAL;
}

/** The versions that select a route; {@link VERSION_NEUTRAL} stands for a request without one. */
export function versionsOf(
  { version }: RouteRegistration,
  versioning: VersioningOptions | undefined,
): readonly unknown[] {
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
