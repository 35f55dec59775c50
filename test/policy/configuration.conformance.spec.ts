import { decodeOptions, itEachCase } from '../support/conformance.js';
import { buildPolicy, codesOf } from '../support/policy.js';

describe('The configuration conformance cases', () => {
  itEachCase('configuration', '$id: $expect — $why', ({ options, expect: expected, nodeEnv }) => {
    const { errors, warnings } = buildPolicy(decodeOptions(options), { production: nodeEnv === 'production' });

    const outcome = errors.length > 0 ? 'error' : warnings.length > 0 ? 'warn' : 'ok';
    expect({ outcome, codes: codesOf([...errors, ...warnings]) }).toEqual({
      outcome: expected,
      codes: expected === 'ok' ? [] : expect.arrayContaining([expect.any(String)]),
    });
  });
});
