import { VersioningType, type VersioningOptions } from '@nestjs/common';
import type { RouteRegistration } from './nest-internals.js';
import type { RoutedRequest } from './route-matcher.js';

/** Whether a route may serve the requests that a preflight announces, and whether it surely does. */
export type Selection = 'no' | 'maybe' | 'yes';

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
  const unversioned = requestWithoutVersion(request, versioning);
  const anyVersion = mayCarryVersion(requestHeaders, versioning);
  return registration => {
    if (registration.version === undefined) return registration.acceptsHost(request) ? 'yes' : 'no';
    if (!anyVersion) return accepts(registration, unversioned) ? 'yes' : 'no';
    return registration.acceptsHost(request) ? 'maybe' : 'no';
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
