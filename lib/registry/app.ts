import type { PolicyTable } from './policy-table.js';

/**
 * One HTTP application of the container, and its policies. There may be several: a `TestingModule` makes one with each
 * `createNestApplication()`.
 */
export class CorsApp {
  /** Absent before the app is initialized. Replaced as a whole, so that no request sees half of two configurations. */
  table: PolicyTable | undefined;
  isClosed = false;
  /** Called when Nest has closed the app. */
  whenClosed: (() => void) | undefined;
}
