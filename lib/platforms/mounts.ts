import type { AbstractHttpAdapter } from '@nestjs/core';

/** Keeps the paths that middleware is mounted at with `app.use(path, …)`. */
export function watchMounts(adapter: AbstractHttpAdapter): readonly string[] {
  const mounts: string[] = [];
  const { use } = adapter as { use: (...args: unknown[]) => unknown };
  (adapter as { use: typeof use }).use = (...args) => {
    const [path] = args;
    if (typeof path === 'string') mounts.push(path.replace(/(?<=.)\/+$/, ''));
    return use.apply(adapter, args);
  };
  return mounts;
}
