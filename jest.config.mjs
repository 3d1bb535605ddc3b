import { availableParallelism } from 'node:os';

const SHORT = ['**/*.spec.ts', '**/*.e2e-spec.ts'];
const LONG = '\\.full\\.spec\\.ts$';
// Suites that say nothing about the coverage of the libraries.
const NOT_MEASURED = ['<rootDir>/apps', '<rootDir>/test/sample', '<rootDir>/test/project'];
// The specs of the throw-away projects of scripts/test-package.mjs, and what is built.
const NOT_HERE = ['<rootDir>/test/package/', '/dist/'];

const forAll = {
  testEnvironment: 'node',
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  setupFiles: ['reflect-metadata'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-coinflow-auth$': '<rootDir>/libs/coinflow-auth/src/index.ts',
    '^nestjs-coinflow-auth/(.*)$': '<rootDir>/libs/coinflow-auth/src/$1/index.ts',
    '^coinflow-emulator$': '<rootDir>/libs/coinflow-emulator/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: 'inline',
        module: { type: 'es6' },
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
};

export default {
  rootDir: import.meta.dirname,
  projects: [
    // The two libraries. `npm test` measures their coverage, which makes every suite half as slow again.
    {
      ...forAll,
      displayName: 'libraries',
      testMatch: SHORT,
      testPathIgnorePatterns: [...NOT_HERE, LONG, ...NOT_MEASURED],
    },
    // The sample and its page, the documents, the public names, the layers.
    {
      ...forAll,
      displayName: 'rest',
      testMatch: SHORT.flatMap((glob) => NOT_MEASURED.map((folder) => `${folder}/${glob}`)),
      testPathIgnorePatterns: [...NOT_HERE, LONG],
    },
    // What takes long: `npm run test:full`.
    { ...forAll, displayName: 'long', testMatch: ['**/*.full.spec.ts'], testPathIgnorePatterns: NOT_HERE },
  ],
  // Generous: a limit ends what hangs, and measures nothing.
  testTimeout: 30_000,
  // One more than there are processors: many tests wait, for a lease to end or for Redis to come back.
  maxWorkers: availableParallelism() + 1,
  // Of every suite's modules some memory stays, and each suite is slower than the one before.
  workerIdleMemoryLimit: '1GB',
  coverageProvider: 'v8',
  collectCoverageFrom: [
    'libs/*/src/**/*.ts',
    '!**/*.spec.ts',
    // Nothing but types, re-exports, and the few lines of a command that a test runs as a process of its own.
    '!libs/coinflow-auth/src/options/store-contracts.ts',
    '!libs/coinflow-auth/src/metrics/metrics.ts',
    '!libs/*/src/index.ts',
    '!libs/**/cli.ts',
  ],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};
