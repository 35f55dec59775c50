import { decodeOptions, itEachCase } from '../support/conformance.js';
import { buildPolicy, codesOf } from '../support/policy.js';

/** Rows that the options have outgrown, with what is expected today. */
const TODAY: Readonly<Record<string, string>> = {
  // A `*` inside the leading label is a pattern. It never matches a dot, and a public suffix needs an option of its own.
  'o-partial-label': 'ok',
};

describe('The configuration conformance cases', () => {
  itEachCase('configuration', '$id: $expect — $why', ({ id, options, expect: written, nodeEnv }) => {
    const expected = TODAY[id] ?? written;
    const { errors, warnings } = buildPolicy(decodeOptions(options), { production: nodeEnv === 'production' });

    const outcome = errors.length > 0 ? 'error' : warnings.length > 0 ? 'warn' : 'ok';
    expect({ outcome, codes: codesOf([...errors, ...warnings]) }).toEqual({
      outcome: expected,
      codes: expected === 'ok' ? [] : expect.arrayContaining([expect.any(String)]),
    });
  });
});
