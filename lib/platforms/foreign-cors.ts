import type { AbstractHttpAdapter } from '@nestjs/core';
import { watchCalls } from './watch-calls.js';

/** Another CORS layer, and where the app or a library installed it: `AuthModule.init (src/auth.module.ts:8:5)`. */
export interface ForeignCors {
  /** In words for Nest's own option; absent where the stack has only frames of Nest and Node.js. */
  readonly caller?: string;
}

/**
 * Notes the first call of a method of an adapter that installs a CORS layer, with the place of the caller: only the
 * stack shows it, as the layer itself looks the same whoever installed it. Costs a stack for each such call at boot.
 *
 * @param installs whether the call's arguments are those of a CORS layer
 */
export function watchForeignCors(
  adapter: AbstractHttpAdapter,
  method: 'enableCors' | 'use',
  note: (found: ForeignCors) => void,
  installs: (...args: readonly unknown[]) => boolean = () => true,
): void {
  watchCalls(adapter, method, (args, called) => {
    if (installs(...args)) note(callerOf(called));
  });
}

function callerOf(called: (...args: never[]) => unknown): ForeignCors {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, called);
  const frames = (holder.stack ?? '').split('\n').slice(1);
  // What `NestFactory.create()` does with its option.
  if (frames.some(line => /\.applyOptions \(.*@nestjs[\\/]core/.test(line))) {
    return { caller: 'the `cors` option of NestFactory.create()' };
  }
  const frame = frames.find(
    line => !/[\\/]@nestjs[\\/](?:core|common|platform-|testing)|\(?node:|native|<anonymous>\)?$/.test(line),
  );
  if (frame === undefined) return {};
  const place = frame
    .trim()
    .replace(/^at (?:async )?/, '')
    // `AuthModule.enableCors [as init]`: what the engine guesses, and the name.
    .replace(/\.[\w$]+ \[as ([\w$]+)\]/, '.$1')
    .replace('file://', '');
  return { caller: place.replace(`${process.cwd()}/`, '') };
}
