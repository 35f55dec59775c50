import { CSRF_WARNINGS } from './csrf-protection.js';
import { DECORATOR_WARNINGS } from './decorators.js';
import { GATEWAY_WARNINGS } from './gateways.js';
import { HEADER_WARNINGS } from './headers.js';
import { POLICY_WARNINGS } from './policies.js';
import { RULE_WARNINGS } from './rules.js';
import { SELF_WARNINGS } from './self.js';
import { VERSION_WARNINGS } from './versions.js';
import type { CheckedApp } from './warning.js';

/** One list for each subject. To add a warning, add it to the list of its subject, and its text to the catalogue. */
const WARNINGS = [
  DECORATOR_WARNINGS,
  GATEWAY_WARNINGS,
  HEADER_WARNINGS,
  POLICY_WARNINGS,
  RULE_WARNINGS,
  SELF_WARNINGS,
  VERSION_WARNINGS,
  CSRF_WARNINGS,
].flat();

/** Warns of what is legal in an app, but probably wrong. */
export function reportWarnings(checked: CheckedApp): void {
  for (const warn of WARNINGS) warn(checked);
}
