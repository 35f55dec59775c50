import type { AbstractHttpAdapter } from '@nestjs/core';
import { watchCalls } from './watch-calls.js';

/** Keeps the paths that middleware is mounted at with `app.use(path, …)`. */
export function watchMounts(adapter: AbstractHttpAdapter): readonly string[] {
  const mounts: string[] = [];
  watchCalls(adapter, 'use', ([path]) => {
    if (typeof path === 'string') mounts.push(path.replace(/(?<=.)\/+$/, ''));
  });
  return mounts;
}
