import type { Linter } from 'eslint';

/** A lint rule for each layer. */
export declare const layerRules: Linter.Config[];
