import { itEachCase } from '../../support/conformance.js';
import { buildPolicy } from '../../support/policy.js';

describe('The origin conformance cases', () => {
  itEachCase('origins', '$id: must $must — $why', ({ origin, requestOrigin, must }) => {
    const { compiled } = buildPolicy({ origin, dangerouslyAllowInsecureOrigins: true });
    const matches = compiled?.origin;

    // A policy that is refused at boot answers nobody: denied.
    const allowed = typeof matches === 'function' && matches(requestOrigin);

    expect(allowed ? 'allow' : 'deny').toBe(must);
  });
});
