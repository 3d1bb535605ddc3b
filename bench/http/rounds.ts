import { sendLoad, type Slice } from './load.js';
import type { Server } from './server.js';

export interface RoundOptions {
  /** How often both servers are restarted, because two processes of one program differ in speed. */
  readonly launches: number;
  /** The number of rounds in each launch. */
  readonly rounds: number;
  readonly warmUpMs: number;
  /** The approximate duration of a slice. */
  readonly sliceMs: number;
}

/** The result of one round for a variant and the baseline: the sums of two slices each. */
export interface Pair {
  readonly variant: Slice;
  readonly baseline: Slice;
}

const WARM_UP_REQUESTS = 500;
/** With fewer requests, opening the connections would distort the result. */
const MIN_REQUESTS = 400;

/**
 * The variant takes turns with the baseline, A B B A, so that what the machine does beside, and how it grows warmer, falls
 * on both. Both have to be new servers: one that has answered more requests than the other is better optimised.
 */
export async function measureRounds(
  baseline: Server,
  variant: Server,
  { rounds, warmUpMs, sliceMs }: RoundOptions,
): Promise<Pair[]> {
  const requests = new Map<Server, number>();
  for (const server of [baseline, variant]) {
    const { requestsPerSecond } = await warmUp(server, variant, warmUpMs);
    requests.set(server, Math.max(MIN_REQUESTS, Math.round((requestsPerSecond * sliceMs) / 1_000)));
  }
  const slice = (server: Server): Promise<Slice> => sendLoad(server, requests.get(server) ?? MIN_REQUESTS, variant);
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) pairs.push(await takeTurns(baseline, variant, slice));
  return pairs;
}

/** @returns the last slice */
async function warmUp(server: Server, sender: Server, durationMs: number): Promise<Slice> {
  const until = performance.now() + durationMs;
  let slice = await sendLoad(server, WARM_UP_REQUESTS, sender);
  while (performance.now() < until) slice = await sendLoad(server, WARM_UP_REQUESTS, sender);
  return slice;
}

async function takeTurns(a: Server, b: Server, slice: (server: Server) => Promise<Slice>): Promise<Pair> {
  const a1 = await slice(a);
  const b1 = await slice(b);
  const b2 = await slice(b);
  const a2 = await slice(a);
  return { variant: together(b1, b2), baseline: together(a1, a2) };
}

/** Combines two slices with the same number of requests. */
function together(one: Slice, other: Slice): Slice {
  return {
    cpuUsPerRequest: (one.cpuUsPerRequest + other.cpuUsPerRequest) / 2,
    requestsPerSecond: 2 / (1 / one.requestsPerSecond + 1 / other.requestsPerSecond),
  };
}
