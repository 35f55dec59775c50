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

const moduleNameMapper = {
  // Tests import the package by its public name, as its users do.
  '^nestjs-cors$': '<rootDir>/lib/index.ts',
  '^(\\.{1,2}/.*)\\.js$': '$1',
};

const common = {
  testEnvironment: 'node',
  roots: ['<rootDir>/lib', '<rootDir>/test'],
  extensionsToTreatAsEsm: ['.ts'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/dist/'],
  transform,
};

/** @type {import('jest').Config} */
export default {
  maxWorkers: '100%',
  // The one bound of time in the tests, on what hangs: nothing is slow enough to meet it, also on a busy machine.
  testTimeout: 30 * 60_000,
  // Modules of ESM suites stay in memory: a worker that has grown is replaced.
  workerIdleMemoryLimit: '1GB',
  projects: [
    {
      ...common,
      displayName: 'nest 12',
      testMatch: ['<rootDir>/test/**/*.spec.ts'],
      moduleNameMapper,
    },
    {
      // Real apps once more, with the work of the interceptor left to the edge: the same responses.
      ...common,
      displayName: 'interceptor: false',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/without-interceptor.ts'],
      moduleNameMapper,
    },
    {
      // The suites that touch Nest, on the previous major: the same files, other packages.
      ...common,
      displayName: 'nest 11',
      testMatch: ['<rootDir>/test/{e2e,routing,module,ecosystem}/**/*.spec.ts'],
      moduleNameMapper: {
        ...moduleNameMapper,
        // One release for both majors: npm keeps one copy.
        '^@nestjs/throttler$': '<rootDir>/node_modules/@nestjs/throttler',
        '^@nestjs/(.*)$': '<rootDir>/test/nest-11/node_modules/@nestjs/$1',
      },
    },
  ],
};
