import type { AbstractHttpAdapter } from '@nestjs/core';

/**
 * What Nest 12 runs for each request behind `useSecurityHeaders()` and `enableCsrfProtection()`: sets headers, and
 * returns the error that refuses the request, if there is one.
 */
export type SecurityHook = (request: object, response: object) => unknown;

interface SecuredAdapter {
  registerSecurityHook?(hook: SecurityHook): void;
}

/** Keeps the hook that the app registers on its platform. Nest 11 has none. */
export function watchSecurityHook(adapter: AbstractHttpAdapter): () => SecurityHook | undefined {
  const secured = adapter as SecuredAdapter;
  const { registerSecurityHook } = secured;
  let registered: SecurityHook | undefined;
  if (registerSecurityHook !== undefined) {
    secured.registerSecurityHook = hook => {
      registered = hook;
      registerSecurityHook.call(adapter, hook);
    };
  }
  return () => registered;
}
