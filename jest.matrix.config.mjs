// The same suites in other ways than `npm test` runs them: `npm run test:matrix`.
import { readdirSync, readFileSync } from 'node:fs';
import { moduleNameMapper, project, run } from './jest.config.mjs';

/** The matrix does in full what `npm test` does in part. Workers inherit it. */
const LONG = { ROUTING_TABLES: '300', AT_LENGTH: '1' };
for (const [name, value] of Object.entries(LONG)) process.env[name] ??= value;

/** The suites that `npm test` leaves out, and those that these variables or NODE_BINARIES make a difference to. */
const longSuites = readdirSync(new URL('test', import.meta.url), { recursive: true })
  .filter(path => path.endsWith('.spec.ts') && !path.includes('node_modules'))
  .filter(
    path =>
      path.endsWith('.long.spec.ts') ||
      /support\/(length|property)\.js'|ROUTING_TABLES|NODE_BINARIES/.test(
        readFileSync(new URL(`test/${path}`, import.meta.url), 'utf8'),
      ),
  );

/** @type {import('jest').Config} */
export default {
  ...run,
  // Enough for ten times as many random apps.
  testTimeout: 60 * 60_000,
  projects: [
    {
      // What `npm test` does in part, and what other Nodes may load otherwise.
      ...project,
      displayName: 'long runs',
      testMatch: longSuites.map(path => `<rootDir>/test/${path.replaceAll('\\', '/')}`),
    },
    {
      // Real apps once more, with the work of the interceptor left to the edge: the same responses.
      ...project,
      displayName: 'interceptor: false',
      testMatch: ['<rootDir>/test/e2e/**/*.spec.ts'],
      setupFilesAfterEnv: ['<rootDir>/test/support/without-interceptor.ts'],
    },
    {
      // The suites that touch Nest, on the previous major: the same files, other packages.
      ...project,
      displayName: 'nest 11',
      testMatch: ['<rootDir>/test/{boot,e2e,ecosystem,platforms,registry,resolvers,routing}/**/*.spec.ts'],
      moduleNameMapper: {
        ...moduleNameMapper,
        // One release for both majors: npm keeps one copy.
        '^@nestjs/throttler$': '<rootDir>/node_modules/@nestjs/throttler',
        '^@nestjs/(.*)$': '<rootDir>/test/nest-11/node_modules/@nestjs/$1',
      },
    },
  ],
};
