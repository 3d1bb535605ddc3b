import { availableParallelism } from 'node:os';

export default {
  rootDir: import.meta.dirname,
  testEnvironment: 'node',
  // Generous: a limit is there to end what hangs, not to measure.
  testTimeout: 30_000,
  // Never in one process for all: of every suite's modules some memory stays, and each suite is slower than the one before.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '1GB',
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  // The specs of the throw-away projects of scripts/test-package.mjs, and what is built.
  testPathIgnorePatterns: ['<rootDir>/test/package/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/libs/[^/]+/dist/'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
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
  coverageProvider: 'v8',
  collectCoverageFrom: [
    'libs/*/src/**/*.ts',
    '!**/*.spec.ts',
    // Nothing but types, re-exports, and the command's two lines that a test runs as a process of its own.
    '!libs/coinflow-auth/src/options/coinflow-auth-options.ts',
    '!libs/coinflow-auth/src/options/budget-store.ts',
    '!libs/coinflow-auth/src/options/delivery-store.ts',
    '!libs/coinflow-auth/src/options/shared-store.ts',
    '!libs/coinflow-auth/src/metrics/coinflow-auth-metrics.ts',
    '!libs/*/src/index.ts',
    '!libs/coinflow-emulator/src/cli.ts',
  ],
  coverageThreshold: { global: { lines: 95, branches: 95 } },
};
