// A flood of forged session keys from many addresses against the sample: the calls that it costs and its effect on users.
import { setTimeout as delay } from 'node:timers/promises';
import type { Choices, Platform } from '../choices.js';
import type { Report } from '../measuring/report.js';
import { quantile, ratios, spreadOf } from '../measuring/statistics.js';
import { claimsOf, invalidKey } from '../sessions/session-keys.js';
import { meanwhile, sendEvenly } from './load.js';
import { Merchant } from './merchant.js';

interface FloodOptions {
  readonly invalidKeys: number;
  readonly rounds: number;
}

const THOROUGH: FloodOptions = { invalidKeys: 100_000, rounds: 8 };
const QUICK: FloodOptions = { invalidKeys: 20_000, rounds: 3 };
/** Fastify: a hundred thousand within a minute. Express: the maximum beside a load generator on two cores. */
const REQUESTS_PER_SECOND: Record<Platform, number> = { fastify: 100_000 / 60, express: 400 };
const SLICE_MS = 2_000;
const WINDOW_MS = 60_000;
/** Verifications expire at least twice during a flood. */
const TTL_MS = 20_000;
const VERIFIED_USERS = 5;
const NEW_USER_AFTER_MS = 5_000;

/** Measures one platform after the other. */
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

/** A user with a new key. */
interface NewUser {
  readonly waitS: number;
  readonly rejections: number;
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
    const { key: created } = await this.merchant.sessionKeysOf('alice');
    const { attestedKey } = await this.merchant.sessionKeysOf('bob');
    const verified = Array.from({ length: VERIFIED_USERS }, (_, index) => this.#signKey(`verified-${index}`));
    const known = [created, attestedKey, ...verified];
    for (const key of known) await this.#expectAuthenticated(key);

    const began = performance.now();
    const latencies = await this.#latencies(created);
    // The flood begins at the start of a budget window.
    await delay(Math.max(0, began + WINDOW_MS + 1_000 - performance.now()));
    return [latencies, ...(await this.#flood(known))];
  }

  /** The latency of a known user beside forged keys, and beside as many requests without a key. */
  async #latencies(known: string): Promise<Report> {
    const slices: { forged: number[]; keyless: number[] }[] = [];
    for (let round = 1; round <= this.options.rounds; round += 1) {
      console.error(`${this.platform}: ${round} of ${this.options.rounds} rounds ...`);
      const forged = await this.#slice(known, () => invalidKey(this.merchant.merchantId));
      slices.push({ forged, keyless: await this.#slice(known, () => undefined) });
    }
    const each = (share: number): { forged: number[]; keyless: number[] } => ({
      forged: slices.map(({ forged }) => quantile(forged, share)),
      keyless: slices.map(({ keyless }) => quantile(keyless, share)),
    });
    const [median, p99] = [each(0.5), each(0.99)];
    return {
      title: `Latency of a known user, ${this.platform}, beside ${Math.round(this.#rate)} requests a second`,
      columns: [
        { key: 'beside', title: 'beside' },
        { key: 'median', title: 'median, ms', digits: 2 },
        { key: 'p99', title: 'p99, ms', digits: 2 },
      ],
      rows: [
        { beside: 'forged keys', median: spreadOf(median.forged), p99: spreadOf(p99.forged) },
        { beside: 'no keys', median: spreadOf(median.keyless), p99: spreadOf(p99.keyless) },
        {
          beside: 'ratio',
          median: spreadOf(ratios(median.forged, median.keyless)),
          p99: spreadOf(ratios(p99.forged, p99.keyless)),
        },
      ],
      notes: [`Medians of ${this.options.rounds} rounds of two slices, with the middle half in brackets.`],
    };
  }

  async #slice(known: string, nextKey: () => string | undefined): Promise<number[]> {
    const latencies: number[] = [];
    const load = { requestsPerSecond: this.#rate, durationMs: SLICE_MS, nextKey };
    await meanwhile(sendEvenly(this.merchant, load), async () => {
      const began = performance.now();
      await this.#expectAuthenticated(known);
      latencies.push(performance.now() - began);
    });
    return latencies.sort((a, b) => a - b);
  }

  async #flood(known: readonly string[]): Promise<Report[]> {
    const { merchant, platform } = this;
    const { invalidKeys } = this.options;
    console.error(`${platform}: ${invalidKeys} forged keys ...`);
    merchant.coinflow.clearCalls();
    const before = await merchant.metrics();
    const requests = { of: 0, failed: 0 };
    const requestAll = async (): Promise<void> => {
      for (const key of known) {
        requests.of += 1;
        if ((await merchant.me(key)).status !== 200) requests.failed += 1;
      }
    };
    const during = delay(NEW_USER_AFTER_MS).then(() => this.#newUser('during'));
    const durationMs = (invalidKeys / this.#rate) * 1_000;
    const load = { requestsPerSecond: this.#rate, durationMs, nextKey: () => invalidKey(merchant.merchantId) };
    const began = performance.now();
    const statuses = await meanwhile(sendEvenly(merchant, load), requestAll);
    const tookS = (performance.now() - began) / 1_000;
    const calls = merchant.coinflow.countCalls('verify');
    const rateLimitedCalls = merchant.coinflow.calls.filter(({ status }) => status === 429).length;
    const after = this.#newUser('after');
    const { cache, budget, decisions } = await merchant.metrics();
    const counts = {
      'duration, s': tookS,
      authenticated: statuses.get(200) ?? 0,
      ...Object.fromEntries(Array.from(statuses, ([status, count]) => [`status ${status}`, count])),
      'calls of Verify Token': calls,
      'calls for new keys': budget.used.newKeys - before.budget.used.newKeys,
      'calls with a 429 from Coinflow': rateLimitedCalls,
      'requests of known users': requests.of,
      'failed requests of known users': requests.failed,
      'sessions lost': before.cache.sessions - cache.sessions,
      misconfigured: decisions.byOutcome.misconfigured,
    };
    return [
      {
        title: `${invalidKeys.toLocaleString('en')} forged keys, ${platform}`,
        columns: [
          { key: 'what', title: 'metric' },
          { key: 'count', title: 'count' },
        ],
        rows: Object.entries(counts).map(([what, count]) => ({ what, count })),
        notes: [],
      },
      {
        title: `A new key, ${platform}`,
        columns: [
          { key: 'when', title: 'first request' },
          { key: 'waitS', title: 'wait, s' },
          { key: 'rejections', title: '503s before' },
        ],
        rows: [
          { when: `after ${NEW_USER_AFTER_MS / 1_000} s of the flood`, ...(await during) },
          { when: 'after the flood', ...(await after) },
        ],
        notes: [],
      },
    ];
  }

  /** Retries after each `Retry-After`. */
  async #newUser(name: string): Promise<NewUser> {
    const key = this.#signKey(`new-${name}`);
    const began = performance.now();
    for (let rejections = 0; ; rejections += 1) {
      const { status, headers } = await this.merchant.me(key, '198.51.100.7');
      if (status === 200) return { waitS: (performance.now() - began) / 1_000, rejections };
      if (status !== 503) throw new Error(`A new user gets the status ${status}`);
      await delay(Number(headers['retry-after']) * 1_000);
    }
  }

  async #expectAuthenticated(key: string): Promise<void> {
    const { status } = await this.merchant.me(key);
    if (status !== 200) throw new Error(`A known user gets the status ${status}`);
  }

  #signKey(customerId: string): string {
    return this.merchant.coinflow.signSessionKey(claimsOf(customerId, this.merchant.merchantId));
  }
}
