import { fileURLToPath } from 'node:url';
import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { roomsRule } from './scripts/rooms.mjs';

const lib = fileURLToPath(new URL('lib', import.meta.url));

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
    plugins: { house: { rules: { rooms: roomsRule } } },
    rules: {
      'no-console': 'error',
      'house/rooms': ['error', lib],
    },
  },
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
