import { problem } from '../../issues/problem.js';
import { usesDefaultHeaders } from '../../policy/default-headers.js';
import { itemsOf } from '../../policy/merge.js';
import { VERSION_NEUTRAL } from '@nestjs/common';
import type { Route } from '../../routing/route.js';
import { issueRouteOf } from '../../registry/route.js';
import { readHeadersOf, versionNamesOf } from '../read-headers.js';
import { sidesOf, type Warning } from './warning.js';

/** A route is chosen by a header, or its handler reads one, that the list of its policy leaves out. */
const unlisted: Warning = checked => {
  const { app, options, routes } = checked;
  const versioned = versionNamesOf(app.versionHeader);
  for (const { route, merged, reportAt } of routes.flatMap(each => sidesOf(each, checked))) {
    const { value, level } = merged.allowedHeaders;
    if (typeof value !== 'object' || merged.origin.value === false || usesDefaultHeaders(merged)) continue;
    const listed = new Set(itemsOf(value).map(name => name.toLowerCase()));
    for (const name of [...readHeadersOf(route), ...(isVersioned(route) ? versioned : [])]) {
      // What `bounds` refuse is left out on purpose.
      if (listed.has(name) || options.bounds?.allowedHeaders?.has(name) === false) continue;
      reportAt(level, problem('request_header_unlisted', 'allowedHeaders', name, name), issueRouteOf(route));
    }
  }
};

function isVersioned({ version }: Route): boolean {
  return version !== undefined && version !== VERSION_NEUTRAL;
}

export const HEADER_WARNINGS = [unlisted];
