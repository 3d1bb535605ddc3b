import { parseArgs } from 'node:util';

export const BENCHMARKS = ['added', 'decision', 'webhooks', 'memory', 'http', 'flood'] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

export const PLATFORMS = ['fastify', 'express'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** What to run, and how thoroughly. */
export interface Choices {
  readonly benchmarks: readonly Benchmark[];
  readonly platforms: readonly Platform[];
  /** Words of which a variant's name must contain one; none means all variants. */
  readonly variants: readonly string[];
  /** The variant that the others are measured against. */
  readonly baseline: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [${BENCHMARKS.join('|')} ...] [options]

  --quick               fewer and shorter slices: a first look, with more noise
  --platform <name>     ${PLATFORMS.join(' or ')}; several times for several (all)
  --variant <word>      variants whose names contain the word; several times for several (all)
  --baseline <variant>  what each variant takes turns with (unguarded)
  --json                the figures as JSON
  --help                this`;

/** @throws {TypeError} naming the argument that cannot be */
export function readChoices(args: string[]): Choices {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      platform: { type: 'string', multiple: true, default: [] },
      variant: { type: 'string', multiple: true, default: [] },
      baseline: { type: 'string', default: 'unguarded' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    benchmarks: chosen(positionals, BENCHMARKS),
    platforms: chosen(values.platform, PLATFORMS),
    variants: values.variant,
    baseline: values.baseline,
    quick: values.quick,
    json: values.json,
    help: values.help,
  };
}

function chosen<T extends string>(words: readonly string[], all: readonly T[]): readonly T[] {
  const unknown = words.find((word) => !all.some((one) => one === word));
  if (unknown !== undefined) throw new TypeError(`“${unknown}” is none of ${all.join(', ')}`);
  return words.length === 0 ? all : all.filter((one) => words.includes(one));
}
