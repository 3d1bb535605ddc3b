import { parseArgs } from 'node:util';

export const BENCHMARKS = [
  'added',
  'checkouts',
  'graphql',
  'decision',
  'webhooks',
  'memory',
  'connections',
  'http',
  'flood',
] as const;
export type Benchmark = (typeof BENCHMARKS)[number];

export const PLATFORMS = ['fastify', 'express'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** The parsed command line. */
export interface Choices {
  readonly benchmarks: readonly Benchmark[];
  readonly platforms: readonly Platform[];
  /** Parts of the names of the variants; empty means all variants. */
  readonly variants: readonly string[];
  /** The variant that the others are compared with. */
  readonly baseline: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

export const HELP = `npm run bench -- [${BENCHMARKS.join('|')} ...] [options]

  --quick               fewer and shorter slices: faster, with more noise
  --platform <name>     ${PLATFORMS.join(' or ')}; repeat it for more (default all)
  --variant <word>      variants whose name contains the word; repeat it for more (default all)
  --baseline <variant>  the variant to compare with (default unguarded)
  --json                prints the results as JSON
  --help                this text`;

/** @throws {TypeError} naming the invalid argument */
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
  if (unknown !== undefined) throw new TypeError(`"${unknown}" is unknown. Use one of ${all.join(', ')}.`);
  return words.length === 0 ? all : all.filter((one) => words.includes(one));
}
