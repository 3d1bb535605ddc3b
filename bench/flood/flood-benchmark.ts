// Made-up session keys by the thousand, from many addresses, against the sample: what it costs, and who notices.
import { setTimeout as delay } from 'node:timers/promises';
import type { Choices, Platform } from '../choices.js';
import type { Report } from '../measuring/report.js';
import { quantile, ratios, spreadOf } from '../measuring/statistics.js';
import { claimsOf, invalidKey } from './keys.js';
import { meanwhile, sendEvenly } from './load.js';
import { Merchant } from './merchant.js';

interface FloodOptions {
  readonly invalidKeys: number;
  readonly rounds: number;
}

const THOROUGH: FloodOptions = { invalidKeys: 100_000, rounds: 8 };
const QUICK: FloodOptions = { invalidKeys: 20_000, rounds: 3 };
/** A hundred thousand within a minute; and what Express can answer beside a load generator on two cores. */
const REQUESTS_PER_SECOND: Record<Platform, number> = { fastify: 100_000 / 60, express: 400 };
const SLICE_MS = 2_000;
const WINDOW_MS = 60_000;
/** Proofs lapse twice and more during a flood. */
const TTL_MS = 20_000;
const PROVEN_USERS = 5;
const LATE_USER_COMES_AFTER_MS = 5_000;

/** One platform after the other. */
export async function* measureFlood(choices: Choices): AsyncGenerator<Report> {
  for (const platform of choices.platforms) {
    const merchant = await Merchant.start(platform, TTL_MS);
    try {
      yield* await new Flood(merchant, platform, choices.quick ? QUICK : THOROUGH).run();
    } finally {
      await merchant.stop();
    }
  }
}

/** Somebody whose key the merchant has not seen. */
interface NewUser {
  readonly waitedS: number;
  readonly refusals: number;
}

class Flood {
  readonly #rate: number;

  constructor(
    private readonly merchant: Merchant,
    private readonly platform: Platform,
    private readonly options: FloodOptions,
  ) {
    this.#rate = REQUESTS_PER_SECOND[platform];
  }

  async run(): Promise<Report[]> {
    const { key: minted } = await this.merchant.sessionKeysOf('alice');
    const { attestedKey } = await this.merchant.sessionKeysOf('bob');
    const proven = Array.from({ length: PROVEN_USERS }, (_, index) => this.#signKey(`proven-${index}`));
    const known = [minted, attestedKey, ...proven];
    for (const key of known) await this.#mustBeLetIn(key);

    const began = performance.now();
    const latencies = await this.#latencies(minted);
    // The flood begins with a window of the budget, so that all of the first one is in it.
    await delay(Math.max(0, began + WINDOW_MS + 1_000 - performance.now()));
    return [latencies, ...(await this.#flood(known))];
  }

  /** What somebody waits who is known, beside junk keys and beside as many requests without a key, in turns. */
  async #latencies(known: string): Promise<Report> {
    const slices: { junk: number[]; keyless: number[] }[] = [];
    for (let round = 1; round <= this.options.rounds; round += 1) {
      console.error(`${this.platform}: ${round} of ${this.options.rounds} rounds ...`);
      const junk = await this.#slice(known, () => invalidKey(this.merchant.merchantId));
      slices.push({ junk, keyless: await this.#slice(known, () => undefined) });
    }
    const each = (share: number): { junk: number[]; keyless: number[] } => ({
      junk: slices.map(({ junk }) => quantile(junk, share)),
      keyless: slices.map(({ keyless }) => quantile(keyless, share)),
    });
    const [median, p99] = [each(0.5), each(0.99)];
    return {
      title: `What a known user waits, ${this.platform}, beside ${Math.round(this.#rate)} requests a second`,
      columns: [
        { key: 'beside', title: 'beside' },
        { key: 'median', title: 'median, ms', digits: 2 },
        { key: 'p99', title: 'p99, ms', digits: 2 },
      ],
      rows: [
        { beside: 'junk keys', median: spreadOf(median.junk), p99: spreadOf(p99.junk) },
        { beside: 'no keys', median: spreadOf(median.keyless), p99: spreadOf(p99.keyless) },
        {
          beside: 'quotient',
          median: spreadOf(ratios(median.junk, median.keyless)),
          p99: spreadOf(ratios(p99.junk, p99.keyless)),
        },
      ],
      notes: [`Medians of ${this.options.rounds} rounds of two slices, in brackets the middle half of them.`],
    };
  }

  async #slice(known: string, nextKey: () => string | undefined): Promise<number[]> {
    const latencies: number[] = [];
    const load = { requestsPerSecond: this.#rate, durationMs: SLICE_MS, nextKey };
    await meanwhile(sendEvenly(this.merchant, load), async () => {
      const began = performance.now();
      await this.#mustBeLetIn(known);
      latencies.push(performance.now() - began);
    });
    return latencies.sort((a, b) => a - b);
  }

  async #flood(known: readonly string[]): Promise<Report[]> {
    const { merchant, platform } = this;
    const { invalidKeys } = this.options;
    console.error(`${platform}: ${invalidKeys} junk keys ...`);
    merchant.coinflow.clearCalls();
    const before = await merchant.figures();
    const requests = { of: 0, failed: 0 };
    const askAll = async (): Promise<void> => {
      for (const key of known) {
        requests.of += 1;
        if ((await merchant.me(key)).status !== 200) requests.failed += 1;
      }
    };
    const during = delay(LATE_USER_COMES_AFTER_MS).then(() => this.#newUser('during'));
    const durationMs = (invalidKeys / this.#rate) * 1_000;
    const load = { requestsPerSecond: this.#rate, durationMs, nextKey: () => invalidKey(merchant.merchantId) };
    const began = performance.now();
    const statuses = await meanwhile(sendEvenly(merchant, load), askAll);
    const tookS = (performance.now() - began) / 1_000;
    const calls = merchant.coinflow.countCalls('verify');
    const refusedCalls = merchant.coinflow.calls.filter(({ status }) => status === 429).length;
    const after = this.#newUser('after');
    const { cache, budget, decisions } = await merchant.figures();
    const counts = {
      'in seconds': tookS,
      'let in': statuses.get(200) ?? 0,
      ...Object.fromEntries(Array.from(statuses, ([status, count]) => [`answered ${status}`, count])),
      'calls of Verify Token': calls,
      'of them for new keys': budget.used.newKeys - before.budget.used.newKeys,
      'answered 429 by Coinflow': refusedCalls,
      'requests of known users': requests.of,
      'of them not let in': requests.failed,
      'sessions lost': before.cache.sessions - cache.sessions,
      misconfigured: decisions.byOutcome.misconfigured,
    };
    return [
      {
        title: `${invalidKeys.toLocaleString('en')} junk keys, ${platform}`,
        columns: [
          { key: 'what', title: 'what' },
          { key: 'count', title: 'how many' },
        ],
        rows: Object.entries(counts).map(([what, count]) => ({ what, count })),
        notes: [],
      },
      {
        title: `A new plain key, ${platform}`,
        columns: [
          { key: 'when', title: 'that comes' },
          { key: 'waitedS', title: 'waits, s' },
          { key: 'refusals', title: 'is told 503 before' },
        ],
        rows: [
          { when: `after ${LATE_USER_COMES_AFTER_MS / 1_000} s of the flood`, ...(await during) },
          { when: 'after the flood', ...(await after) },
        ],
        notes: [],
      },
    ];
  }

  /** Tries again after each `Retry-After`, as a good client does. */
  async #newUser(name: string): Promise<NewUser> {
    const key = this.#signKey(`new-${name}`);
    const began = performance.now();
    for (let refusals = 0; ; refusals += 1) {
      const { status, headers } = await this.merchant.me(key, '198.51.100.7');
      if (status === 200) return { waitedS: (performance.now() - began) / 1_000, refusals };
      if (status !== 503) throw new Error(`A new user is answered ${status}`);
      await delay(Number(headers['retry-after']) * 1_000);
    }
  }

  async #mustBeLetIn(key: string): Promise<void> {
    const { status } = await this.merchant.me(key);
    if (status !== 200) throw new Error(`A user who is known is answered ${status}`);
  }

  #signKey(customerId: string): string {
    return this.merchant.coinflow.signSessionKey(claimsOf(customerId, this.merchant.merchantId));
  }
}
