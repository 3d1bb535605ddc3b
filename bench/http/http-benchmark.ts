import type { Choices, Platform } from '../choices.js';
import type { Column, Figure, Report } from '../measuring/report.js';
import { ratios, spreadOf } from '../measuring/statistics.js';
import { nextMessage, startModule, stopModule } from '../measuring/subprocess.js';
import { measureRounds, type Pair, type RoundOptions } from './rounds.js';
import { Server } from './server.js';
import { VARIANTS, variantNamed } from './variants/all-variants.js';
import { returnsTrue } from './variants/unguarded.js';
import { nestjsJwt } from './variants/nestjs-jwt.js';
import type { Upstream, Variant } from './variants/variant.js';

const THOROUGH: RoundOptions = { launches: 5, rounds: 4, warmUpMs: 2_500, sliceMs: 400 };
const QUICK: RoundOptions = { launches: 2, rounds: 2, warmUpMs: 1_500, sliceMs: 250 };

/** Variants that all others are compared with in addition to the baseline, if they were measured. */
const YARDSTICKS = [returnsTrue.name, nestjsJwt.name];

/** Measures servers with each variant under load, one platform after the other. */
export async function* measureHttp(choices: Choices): AsyncGenerator<Report> {
  const baseline = variantNamed(choices.baseline);
  const variants = VARIANTS.filter((variant) => variant !== baseline && isChosen(variant, choices));
  if (variants.length === 0) throw new TypeError(`No variant has a name with ${choices.variants.join(', ')}.`);
  const emulator = startModule(new URL('./emulator-process.js', import.meta.url));
  try {
    const upstream = await nextMessage<Upstream>(emulator);
    for (const platform of choices.platforms) {
      yield await onPlatform(platform, baseline, variants, upstream, choices.quick ? QUICK : THOROUGH);
    }
  } finally {
    await stopModule(emulator);
  }
}

function isChosen({ name }: Variant, { variants }: Choices): boolean {
  return variants.length === 0 || variants.some((word) => name.includes(word));
}

async function onPlatform(
  platform: Platform,
  baseline: Variant,
  variants: readonly Variant[],
  upstream: Upstream,
  options: RoundOptions,
): Promise<Report> {
  const found = new Map<Variant, Pair[]>(variants.map((variant) => [variant, []]));
  for (let launch = 1; launch <= options.launches; launch += 1) {
    console.error(`${platform}: ${launch} of ${options.launches} launches ...`);
    for (const [variant, pairs] of found) {
      pairs.push(...(await measurePair(platform, baseline, variant, upstream, options)));
    }
  }
  return toReport(platform, baseline, found, options);
}

async function measurePair(
  platform: Platform,
  baseline: Variant,
  variant: Variant,
  upstream: Upstream,
  options: RoundOptions,
): Promise<Pair[]> {
  const servers: Server[] = [];
  const start = async (one: Variant): Promise<Server> => {
    const server = await Server.start(one, platform, upstream);
    servers.push(server);
    await server.assertWorks();
    return server;
  };
  try {
    return await measureRounds(await start(baseline), await start(variant), options);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

function toReport(
  platform: Platform,
  baseline: Variant,
  found: ReadonlyMap<Variant, readonly Pair[]>,
  { launches, rounds, sliceMs }: RoundOptions,
): Report {
  const cpuRatios = new Map(Array.from(found, ([{ name }, pairs]) => [name, cpuRatiosOf(pairs)]));
  const yardsticks = YARDSTICKS.filter((name) => cpuRatios.has(name));
  const columns: Column[] = [
    { key: 'variant', title: 'variant' },
    { key: 'cpuUs', title: 'CPU µs/request', digits: 1 },
    { key: 'addedUs', title: 'added µs', digits: 1 },
    { key: 'cpu', title: `CPU / ${baseline.name}`, digits: 2 },
    ...yardsticks.map((name) => ({ key: `cpuTo:${name}`, title: `CPU / ${name}`, digits: 2 })),
    { key: 'rate', title: `rate / ${baseline.name}`, digits: 2 },
    { key: 'requestsPerSecond', title: 'requests/s' },
  ];
  const rows = Array.from(found, ([variant, pairs]) => {
    const own = cpuRatiosOf(pairs);
    const row: Record<string, Figure> = {
      variant: variant.name,
      cpuUs: spreadOf(pairs.map((pair) => pair.variant.cpuUsPerRequest)).median,
      addedUs: spreadOf(pairs.map((pair) => pair.variant.cpuUsPerRequest - pair.baseline.cpuUsPerRequest)).median,
      cpu: spreadOf(own),
      rate: spreadOf(pairs.map((pair) => pair.variant.requestsPerSecond / pair.baseline.requestsPerSecond)),
      requestsPerSecond: spreadOf(pairs.map((pair) => pair.variant.requestsPerSecond)).median,
    };
    for (const name of yardsticks) row[`cpuTo:${name}`] = spreadOf(ratios(own, cpuRatios.get(name) ?? []));
    return row;
  });
  return {
    title: `HTTP, ${platform}`,
    columns,
    rows: [baselineRow(baseline, [...found.values()].flat()), ...rows],
    notes: [
      `Medians of ${launches} launches with ${rounds} rounds each, with the middle half of the rounds in brackets. A round has four slices (A B B A) of about ${sliceMs} ms.`,
    ],
  };
}

function cpuRatiosOf(pairs: readonly Pair[]): number[] {
  return pairs.map(({ variant, baseline }) => variant.cpuUsPerRequest / baseline.cpuUsPerRequest);
}

function baselineRow({ name }: Variant, pairs: readonly Pair[]): Record<string, Figure> {
  return {
    variant: name,
    cpuUs: spreadOf(pairs.map(({ baseline }) => baseline.cpuUsPerRequest)).median,
    requestsPerSecond: spreadOf(pairs.map(({ baseline }) => baseline.requestsPerSecond)).median,
  };
}
