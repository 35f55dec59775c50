import { problem } from '../../issues/problem.js';
import { usesDefaultHeaders } from '../../policy/default-headers.js';
import { itemsOf } from '../../policy/merge.js';
import { issueRouteOf } from '../../registry/route.js';
import { readHeadersOf } from '../read-headers.js';
import type { Warning } from './warning.js';

/** A handler reads a header that the list of its policy leaves out. */
const unlisted: Warning = ({ options, routes, reportAt }) => {
  for (const { route, merged } of routes) {
    const { value, level } = merged.allowedHeaders;
    if (typeof value !== 'object' || merged.origin.value === false || usesDefaultHeaders(merged)) continue;
    const listed = new Set(itemsOf(value).map(name => name.toLowerCase()));
    for (const name of readHeadersOf(route)) {
      // What `bounds` refuse is left out on purpose.
      if (listed.has(name) || options.bounds?.allowedHeaders?.has(name) === false) continue;
      reportAt(level, problem('request_header_unlisted', 'allowedHeaders', name, name), issueRouteOf(route));
    }
  }
};

export const HEADER_WARNINGS = [unlisted];
