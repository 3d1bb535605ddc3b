// What a guard adds to a request: processor time, in one process that has all applications in it.
import { spawnSync } from 'node:child_process';
import { Controller, Get, Header, Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CoinflowAuthService, SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { FreshKeys } from '../decision/fresh-keys.js';
import { ANSWER, DecoratedController, type Answer } from '../http/controllers.js';
import { coinflow, coinflowAsyncContext } from '../http/variants/coinflow.js';
import { nestjsJwt } from '../http/variants/nestjs-jwt.js';
import { returnsTrue, unguarded } from '../http/variants/unguarded.js';
import type { Upstream, Variant } from '../http/variants/variant.js';
import type { Report } from '../measuring/report.js';
import { spreadOf } from '../measuring/statistics.js';
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { MERCHANT_ID, SessionKeys } from '../sessions/session-keys.js';

const KEYS = 1_000;
const UPSTREAM: Upstream = { url: 'http://127.0.0.1:1', apiKey: 'bench-key', merchantId: MERCHANT_ID };
const isQuick = process.argv.includes('quick');
const ROUNDS = isQuick ? 10 : 30;
const WARM_UP_ROUNDS = isQuick ? 3 : 8;

/** The variants that write no `Vary` themselves send the same one: its cost is not that of the guard. */
@Controller()
class VaryController {
  @Get()
  @Header('Vary', SESSION_KEY_HEADER)
  answer(): Answer {
    return ANSWER;
  }
}

@Controller()
class PlainController {
  @Get()
  answer(): Answer {
    return ANSWER;
  }
}

interface Contender {
  readonly name: string;
  readonly variant: Variant;
  readonly controller: ModuleMetadata['controllers'];
  readonly isAttested?: boolean;
}

const OURS: readonly Contender[] = [
  { name: 'coinflow', variant: coinflow, controller: [PlainController] },
  { name: 'coinflow, merged policy', variant: coinflow, controller: [DecoratedController] },
  { name: 'coinflow, asyncContext', variant: coinflowAsyncContext, controller: [PlainController] },
  { name: 'coinflow, merged policy, attested', variant: coinflow, controller: [DecoratedController], isAttested: true },
];

/** In one process: the more applications share it, the less of their data stays in the processor's caches. */
const contendersWith = (ours: Contender): readonly Contender[] => [
  { name: 'unguarded', variant: unguarded, controller: [VaryController] },
  { name: 'a guard that returns true', variant: returnsTrue, controller: [VaryController] },
  ours,
  { name: 'nestjs-jwt', variant: nestjsJwt, controller: [VaryController] },
];

/** An application in this process, and what to send it. */
class Contest {
  readonly usOfEachRound: number[] = [];

  private constructor(
    readonly name: string,
    private readonly app: Pick<NestFastifyApplication, 'inject'>,
    private readonly header: string,
    private readonly keys: FreshKeys,
  ) {}

  static async start({ name, variant, controller, isAttested }: Contender): Promise<Contest> {
    const parts = await variant.parts(UPSTREAM);
    @Module({ ...parts, controllers: controller })
    class AppModule {}
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
    await app.init();
    const credentials: string[] = [];
    for (let i = 0; i < KEYS; i += 1) {
      const userId = `user-${i}`;
      const credential = isAttested ? await attestedKey(app, userId) : await variant.credential(app, userId, UPSTREAM);
      credentials.push(credential);
    }
    return new Contest(name, app, variant.header, new FreshKeys(credentials));
  }

  /** Sends each key once, one request after the other. */
  async round(isMeasured: boolean): Promise<void> {
    const requests = this.keys.take(KEYS).map((key) => ({ url: '/', headers: { [this.header]: key } }));
    await collectGarbage();
    const before = process.cpuUsage();
    for (const request of requests) {
      const { statusCode } = await this.app.inject(request);
      if (statusCode !== 200) throw new Error(`${this.name}: answered ${statusCode}`);
    }
    const { user, system } = process.cpuUsage(before);
    if (isMeasured) this.usOfEachRound.push((user + system) / KEYS);
  }
}

/** So that no application is charged for the garbage of another. Requests are released only when the event loop turns. */
async function collectGarbage(): Promise<void> {
  await new Promise(setImmediate);
  global.gc?.({ type: 'minor', execution: 'sync' });
}

async function attestedKey(app: NestFastifyApplication, userId: string): Promise<string> {
  const session = await app.get(CoinflowAuthService).createSessionKey({ userId });
  if (session.attestedKey === undefined) throw new Error('The session has no attested key');
  return session.attestedKey;
}

/** Other processes then disturb all contenders alike. Without `taskset` the scheduler decides. */
function pinToOneCore(): boolean {
  return spawnSync('taskset', ['-p', '-c', '0', String(process.pid)]).status === 0;
}

async function measureAdded(ours: Contender): Promise<Report> {
  const isPinned = pinToOneCore();
  const contests: Contest[] = [];
  for (const contender of contendersWith(ours)) contests.push(await Contest.start(contender));
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round += 1) {
    for (const contest of round % 2 === 0 ? contests : contests.toReversed()) await contest.round(round >= 0);
  }
  const base = contests[0]?.usOfEachRound ?? [];
  const addedBy = (contest: Contest): number[] => contest.usOfEachRound.map((us, i) => us - (base[i] ?? NaN));
  const jwt = spreadOf(addedBy(contests.at(-1) as Contest)).median;
  return {
    title: `What a guard adds to a request, Fastify${isPinned ? ', on one core' : ''}: ${ours.name}`,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'us', title: 'CPU µs/request', digits: 1 },
      { key: 'added', title: 'added to an unguarded one', digits: 1 },
      { key: 'share', title: 'of what nestjs-jwt adds', digits: 2 },
    ],
    rows: contests.map((contest) => ({
      what: contest.name,
      us: spreadOf(contest.usOfEachRound).median,
      added: spreadOf(addedBy(contest)),
      share: spreadOf(addedBy(contest)).median / jwt,
    })),
    notes: [
      `${ROUNDS} rounds; in each, every application gets ${KEYS.toLocaleString('en')} requests with as many keys, by inject().`,
      'Medians of the differences within a round; in brackets between which values the middle half of them lies.',
    ],
  };
}

answerCoinflowInProcess(new SessionKeys());
const ours = OURS[Number(process.argv.find((argument) => /^\d$/.test(argument)))];
if (ours) tellParent([await measureAdded(ours)]);
