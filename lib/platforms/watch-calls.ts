import type { AbstractHttpAdapter } from '@nestjs/core';

type Call = (...args: readonly unknown[]) => unknown;

/**
 * Watches the calls of a method of an adapter, each before it is made.
 *
 * @param listener gets the arguments, and the function that was called: the frame below the caller's in a stack
 */
export function watchCalls(
  adapter: AbstractHttpAdapter,
  method: 'enableCors' | 'use',
  listener: (args: readonly unknown[], called: Call) => void,
): void {
  const original = adapter[method] as Call;
  const watched: Call = (...args) => {
    listener(args, watched);
    return Reflect.apply(original, adapter, args);
  };
  Object.assign(adapter, { [method]: watched });
}
