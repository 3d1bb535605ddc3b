import type { Linter } from 'eslint';

/** A lint rule for each floor. */
export declare const floorRules: Linter.Config[];
