import { setFlagsFromString } from 'node:v8';
import { runInNewContext, runInThisContext } from 'node:vm';

/** Node's own `process`: Jest gives tests a copy of it, which hears of nothing. */
export const nodeProcess = runInThisContext('process') as NodeJS.Process;

/** How many listeners there are for each event of an emitter. */
export function listenersOf(emitter: NodeJS.EventEmitter): Readonly<Record<string, number>> {
  return Object.fromEntries(emitter.eventNames().map(name => [String(name), emitter.listenerCount(name)]));
}

/**
 * Collects what nothing refers to any more.
 *
 * @param times more than one where a WeakRef is to be let go of; each takes a second in a worker of Jest
 */
export async function collectGarbage(times = 4): Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  for (let i = 0; i < times; i++) {
    // What a job has asked a WeakRef for stays until it ends, and sockets take a turn of the event loop to close.
    await new Promise(setImmediate);
    gc();
  }
}

/** Requires a module outside of Jest: what Node loads, and Jest cannot. */
export function requireByNode(name: string): unknown {
  return nodeProcess.getBuiltinModule('node:module').createRequire(import.meta.url)(name);
}
