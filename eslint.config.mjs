import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The floors of `nestjs-coinflow-auth`, top first: a floor imports only floors below it. */
const floors = [
  ['config'],
  ['coinflow-auth.module'],
  ['decorators'],
  ['coinflow-auth.guard'],
  ['coinflow-auth.service'],
  ['contexts', 'minting'],
  ['verification'],
  ['client'],
  ['extraction', 'session'],
  ['options'],
  ['errors'],
];

const source = 'libs/coinflow-auth/src';

const floorRules = floors.flatMap((floor, level) => {
  const above = floors.slice(0, level).flat();
  return floor.map((name) => ({
    files: [`${source}/${name}/**/*.ts`, `${source}/${name}.ts`],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: `^\\.{1,2}/(?:.*/)?(?:index|${[...above, ...floor.filter((peer) => peer !== name)].join('|') || 'index'})(?:\\.js$|/)`,
              message: `"${name}" may import only the floors below it: see CONTRIBUTING.md.`,
            },
            ...(name === 'errors' || name === 'session' || name === 'extraction'
              ? [{ group: ['@nestjs/*', 'axios', 'rxjs'], message: `"${name}" is pure: nothing of Nest, no I/O.` }]
              : []),
          ],
        },
      ],
    },
  }));
});

export default defineConfig(
  { ignores: ['dist/', 'coverage/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  ...floorRules,
  { files: ['apps/sample/src/main.ts', 'libs/coinflow-emulator/src/cli.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
    rules: { '@typescript-eslint/no-base-to-string': 'off', '@typescript-eslint/unbound-method': 'off' },
  },
  {
    files: ['scripts/**/*.mjs', '*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
        AbortSignal: 'readonly',
      },
    },
  },
);
