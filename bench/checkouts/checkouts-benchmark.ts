// What the guard adds to a request while 500 checkouts wait for Coinflow in the same process, and without them.
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { APP_GUARD } from '@nestjs/core';
import { CoinflowApi, CoinflowAuthGuard, CoinflowAuthModule, CoinflowAuthService } from 'nestjs-coinflow-auth';
import { Contest, KEYS, pinToOneCore } from '../added/contest.js';
import { AnswerController, VaryController } from '../http/controllers.js';
import { coinflow } from '../http/variants/coinflow.js';
import { unguarded } from '../http/variants/unguarded.js';
import type { Upstream, Variant } from '../http/variants/variant.js';
import type { Report } from '../measuring/report.js';
import { spreadOf } from '../measuring/statistics.js';
import { nextMessage, startModule, stopModule, tellParent } from '../measuring/subprocess.js';

const CHECKOUTS = 500;
const SETTLE_MS = 50;
const isQuick = process.argv.includes('quick');
const ROUNDS = isQuick ? 8 : 24;
const WARM_UP_ROUNDS = isQuick ? 2 : 6;

/** With a budget for all checkouts. */
const withBudget: Variant = {
  ...coinflow,
  parts: ({ url, apiKey, merchantId }) => ({
    imports: [
      CoinflowAuthModule.forRoot({
        env: 'local',
        baseUrl: url,
        apiKey,
        merchantId,
        api: { callsPerMinute: 1_000_000 },
      }),
    ],
    providers: [{ provide: APP_GUARD, useClass: CoinflowAuthGuard }],
  }),
};

/** Checkouts that wait for Coinflow. */
class Checkouts {
  #stop = new AbortController();
  #running: Promise<unknown>[] = [];

  constructor(
    private readonly app: Contest['app'],
    private readonly upstream: ChildProcess,
  ) {}

  /** Resolves when Coinflow has received all of them. */
  async start(): Promise<void> {
    const before = await this.#received();
    const session = await this.app.get(CoinflowAuthService).createSessionKey({ userId: 'buyer' });
    const { signal } = this.#stop;
    const body = { subtotal: { cents: 500 }, card: { cardToken: '424242DEMO4242' } };
    const options = { auth: session, body, signal, timeoutMs: 600_000 };
    this.#running = Array.from({ length: CHECKOUTS }, () =>
      this.app
        .get(CoinflowApi)
        .post('/checkout/card/{merchantId}', options)
        .catch(() => undefined),
    );
    while ((await this.#received()) < before + CHECKOUTS) await delay(10);
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#running);
    this.#stop = new AbortController();
  }

  async #received(): Promise<number> {
    const answer = nextMessage<{ checkouts: number }>(this.upstream);
    this.upstream.send('checkouts');
    return (await answer).checkouts;
  }
}

interface Round {
  readonly unguarded: number;
  readonly guarded: number;
}

const added = ({ unguarded: base, guarded }: Round): number => guarded - base;

async function measure(): Promise<Report> {
  const isPinned = pinToOneCore();
  const upstream = startModule(new URL('./hanging-coinflow.js', import.meta.url));
  try {
    const address = await nextMessage<Upstream>(upstream);
    const open = await Contest.start({ name: 'unguarded', variant: unguarded, controller: [VaryController] }, address);
    const guarded = await Contest.start(
      { name: 'coinflow', variant: withBudget, controller: [AnswerController] },
      address,
    );
    const checkouts = new Checkouts(guarded.app, upstream);
    const round = async (isReversed: boolean): Promise<Round> => {
      // What starting and ending checkouts has left must not be charged to the next requests.
      await delay(SETTLE_MS);
      const [first, second] = isReversed ? [guarded, open] : [open, guarded];
      for (const contest of [first, second]) await contest.usOfRound();
      const us = [await first.usOfRound(), await second.usOfRound()] as const;
      return isReversed ? { guarded: us[0], unguarded: us[1] } : { unguarded: us[0], guarded: us[1] };
    };
    const pairs: { without: Round; beside: Round }[] = [];
    for (let i = -WARM_UP_ROUNDS; i < ROUNDS; i += 1) {
      const isReversed = i % 2 === 0;
      const besideCheckouts = async (): Promise<Round> => {
        await checkouts.start();
        return round(isReversed).finally(() => checkouts.end());
      };
      const first = isReversed ? await besideCheckouts() : await round(isReversed);
      const second = isReversed ? await round(isReversed) : await besideCheckouts();
      if (i >= 0) pairs.push(isReversed ? { beside: first, without: second } : { without: first, beside: second });
    }
    await guarded.app.close();
    return toReport(pairs, isPinned);
  } finally {
    await stopModule(upstream);
  }
}

function toReport(pairs: readonly { without: Round; beside: Round }[], isPinned: boolean): Report {
  const row = (what: string, rounds: readonly Round[]) => ({
    what,
    unguarded: spreadOf(rounds.map((round) => round.unguarded)).median,
    guarded: spreadOf(rounds.map((round) => round.guarded)).median,
    added: spreadOf(rounds.map(added)),
  });
  const differences = spreadOf(pairs.map(({ without, beside }) => added(beside) - added(without)));
  const number = (value: number): string => value.toFixed(1);
  return {
    title: `What the guard adds beside ${CHECKOUTS} slow checkouts, Fastify${isPinned ? ', on one core' : ''}`,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'unguarded', title: 'CPU µs/request, unguarded', digits: 1 },
      { key: 'guarded', title: 'guarded', digits: 1 },
      { key: 'added', title: 'added by the guard', digits: 1 },
    ],
    rows: [
      row(
        'without checkouts',
        pairs.map(({ without }) => without),
      ),
      row(
        `beside ${CHECKOUTS} checkouts`,
        pairs.map(({ beside }) => beside),
      ),
    ],
    notes: [
      `${ROUNDS} paired rounds of ${KEYS.toLocaleString('en')} requests with as many keys, by inject(). The checkouts wait for Coinflow in the same process.`,
      `Within a pair, the guard adds ${number(differences.median)} µs more beside the checkouts than without them (the middle half of the pairs: ${number(differences.low)} to ${number(differences.high)} µs).`,
    ],
  };
}

tellParent([await measure()]);
