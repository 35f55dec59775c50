import { issuePlace, subjectOf, type CorsIssue, type IssueCollector } from './issue.js';
import { PROBLEMS, seeAlso } from './catalog.js';

/**
 * The app does not boot because its CORS configuration has errors. {@link issues} has all of them; the message lists
 * them by place, each with what to type instead.
 *
 * @publicApi
 */
export class CorsConfigurationError extends Error {
  override readonly name = 'CorsConfigurationError';
  /** The errors, in the order of the message; frozen. */
  readonly issues!: readonly CorsIssue[];

  constructor(issues: readonly CorsIssue[]) {
    super(describeIssues(issues));
    // Not enumerable: Node prints enumerable properties below the stack, and the message has all of them.
    Object.defineProperty(this, 'issues', { value: Object.freeze([...issues]), enumerable: false });
  }
}

/** @throws {CorsConfigurationError} with the errors that were collected, if there are any */
export function throwErrors(issues: IssueCollector): void {
  const errors = issues.errors();
  if (errors.length > 0) throw new CorsConfigurationError(errors);
}

function describeIssues(issues: readonly CorsIssue[]): string {
  const count = issues.length === 1 ? '1 error' : `${String(issues.length)} errors`;
  const places = new Map<string, CorsIssue[]>();
  for (const issue of issues) {
    const place = issuePlace(issue, 3);
    places.set(place, [...(places.get(place) ?? []), issue]);
  }
  const sections = [...places].map(([place, its]) => `${place}\n${its.map(describeIssue).join('\n')}`);
  const codes = [...new Set(issues.map(({ code }) => `#${code}`))];
  return `the CORS configuration has ${count}\n\n${sections.join('\n\n')}\n\n${seeAlso(codes)}\n`;
}

function describeIssue(issue: CorsIssue): string {
  return `  ${subjectOf(issue)} ${PROBLEMS[issue.code].problem} [${issue.code}]\n    ${issue.hint}`;
}
