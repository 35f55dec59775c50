import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What each room may import: lib/policy and lib/protocol decide without knowing Nest or HTTP objects. */
const room = (files, forbidden) => ({
  files,
  rules: { 'no-restricted-imports': ['error', { patterns: forbidden }] },
});
const nest = { group: ['@nestjs/*', 'rxjs', 'rxjs/*'], message: 'This room is pure: nothing of Nest.' };
const deepNest = {
  regex: '^@nestjs/[^/]+/',
  message: 'Non-public Nest imports live in lib/routing/nest-internals.ts alone.',
};

export default tseslint.config(
  { ignores: ['build/', 'dist/', 'coverage/', 'sample/*/dist/'] },
  eslint.configs.recommended,
  ...tseslint.configs.strict,
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        Buffer: 'readonly',
        console: 'readonly',
        fetch: 'readonly',
        process: 'readonly',
        queueMicrotask: 'readonly',
        setImmediate: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
      },
    },
  },
  {
    files: ['lib/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-imports': ['error', { patterns: [deepNest] }],
    },
  },
  room(
    ['lib/policy/**/*.ts'],
    [
      nest,
      {
        group: ['../protocol/*', '../routing/*', '../platform/*', '../origins/*', '../sources/*'],
        message: 'lib/policy imports no other room.',
      },
    ],
  ),
  room(
    ['lib/protocol/**/*.ts'],
    [nest, { group: ['../routing/*', '../platform/*'], message: 'lib/protocol imports lib/policy alone.' }],
  ),
  room(
    ['lib/routing/**/*.ts'],
    [
      deepNest,
      { group: ['../policy/*', '../protocol/*', '../platform/*'], message: 'lib/routing knows nothing of CORS.' },
    ],
  ),
  room(
    ['lib/origins/**/*.ts'],
    [
      nest,
      {
        group: ['../routing/*', '../platform/*', '../*.js'],
        message: 'lib/origins imports lib/policy and lib/protocol.',
      },
    ],
  ),
  { files: ['lib/routing/nest-internals.ts'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['lib/**/*.ts'],
    ignores: ['lib/lazy/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['fastest-levenshtein', 'find-my-way', 'tldts', 'yaml'],
              allowTypeImports: true,
              message: 'Most apps do not need it: see lib/lazy.',
            },
          ],
        },
      ],
    },
  },
  { files: ['lib/lazy/require.ts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    rules: {
      // Nest's modules are classes without members.
      '@typescript-eslint/no-extraneous-class': 'off',
    },
  },
);
