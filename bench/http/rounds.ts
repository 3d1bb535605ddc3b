import { sendLoad, type Slice } from './load.js';
import type { Server } from './server.js';

export interface RoundOptions {
  readonly rounds: number;
  readonly warmUpMs: number;
  /** About how long a slice of the slower one lasts. */
  readonly sliceMs: number;
}

/** A variant and the baseline as they were in one round: the sums of their two slices. */
export interface Pair {
  readonly variant: Slice;
  readonly baseline: Slice;
}

const FIRST_REQUESTS = 500;
/** Fewer, and opening the connections would weigh. */
const MIN_REQUESTS = 1_000;

/**
 * In every round every variant takes turns with the baseline, A B B A, so that what the machine does beside, and how it
 * grows warmer, falls on both.
 * @returns for each variant its rounds
 */
export async function measureRounds(
  baseline: Server,
  variants: readonly Server[],
  { rounds, warmUpMs, sliceMs }: RoundOptions,
): Promise<ReadonlyMap<Server, readonly Pair[]>> {
  const requests = new Map<Server, number>();
  await warmUp(baseline, warmUpMs);
  for (const variant of variants) {
    const { requestsPerSecond } = await warmUp(variant, warmUpMs);
    requests.set(variant, Math.max(MIN_REQUESTS, Math.round((requestsPerSecond * sliceMs) / 1_000)));
  }
  const found = new Map<Server, Pair[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [variant, pairs] of found) {
      pairs.push(await takeTurns(baseline, variant, requests.get(variant) ?? MIN_REQUESTS));
    }
  }
  return found;
}

/** @returns the last slice */
async function warmUp(server: Server, durationMs: number): Promise<Slice> {
  const until = performance.now() + durationMs;
  let slice = await sendLoad(server, FIRST_REQUESTS, server);
  while (performance.now() < until) slice = await sendLoad(server, FIRST_REQUESTS, server);
  return slice;
}

async function takeTurns(a: Server, b: Server, requests: number): Promise<Pair> {
  const a1 = await sendLoad(a, requests, b);
  const b1 = await sendLoad(b, requests, b);
  const b2 = await sendLoad(b, requests, b);
  const a2 = await sendLoad(a, requests, b);
  return { variant: together(b1, b2), baseline: together(a1, a2) };
}

/** Two slices of as many requests as one. */
function together(one: Slice, other: Slice): Slice {
  return {
    cpuUsPerRequest: (one.cpuUsPerRequest + other.cpuUsPerRequest) / 2,
    requestsPerSecond: 2 / (1 / one.requestsPerSecond + 1 / other.requestsPerSecond),
  };
}
