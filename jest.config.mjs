const transform = {
  '^.+\\.ts$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        target: 'es2022',
        keepClassNames: true,
      },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    },
  ],
};

export const moduleNameMapper = {
  // Tests import the package by its public name, as its users do.
  '^nestjs-cors$': '<rootDir>/lib/index.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

/** What every run of the suites has in common: jest.matrix.config.mjs runs them in other ways. */
export const project = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.spec.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  transform,
  moduleNameMapper,
};

/** How workers run them. */
export const run = {
  maxWorkers: '100%',
  // Modules of ESM suites stay in memory: a worker that has grown is replaced.
  workerIdleMemoryLimit: '1GB',
};

/** @type {import('jest').Config} */
export default {
  ...project,
  ...run,
  // Floods, memory of closed apps, Chromium, samples that are started, the packed package, the benchmark: the matrix runs them.
  testPathIgnorePatterns: ['/node_modules/', '\\.long\\.spec\\.ts$'],
  // The one bound of time in the tests, on what hangs: nothing is slow enough to meet it, also on a busy machine.
  testTimeout: 10 * 60_000,
  collectCoverageFrom: [
    'lib/**/*.ts',
    // Each is loaded by one of the packed builds alone: test/package runs those.
    '!**/bundler.ts',
    '!**/require.ts',
  ],
  // What holds, of Nest 12 and this Node. Lower them for no change; raise them with a test.
  coverageThreshold: { global: { statements: 97.8, branches: 94.6, functions: 97, lines: 98.3 } },
};
