// What a guard adds to a request: processor time, in one process that has all applications in it.
import { AnswerController, DecoratedController, VaryController } from '../http/controllers.js';
import { coinflow, coinflowAsyncContext } from '../http/variants/coinflow.js';
import type { Upstream } from '../http/variants/variant.js';
import { nestjsJwt } from '../http/variants/nestjs-jwt.js';
import { returnsTrue, unguarded } from '../http/variants/unguarded.js';
import type { Report } from '../measuring/report.js';
import { spreadOf } from '../measuring/statistics.js';
import { tellParent } from '../measuring/subprocess.js';
import { Contest, KEYS, pinToOneCore, type Contender } from './contest.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { MERCHANT_ID, SessionKeys } from '../sessions/session-keys.js';

const UPSTREAM: Upstream = { url: 'http://127.0.0.1:1', apiKey: 'bench-key', merchantId: MERCHANT_ID };
const isQuick = process.argv.includes('quick');
const ROUNDS = isQuick ? 10 : 30;
const WARM_UP_ROUNDS = isQuick ? 3 : 8;

const OURS: readonly Contender[] = [
  { name: 'coinflow', variant: coinflow, controller: [AnswerController] },
  { name: 'coinflow, merged policy', variant: coinflow, controller: [DecoratedController] },
  { name: 'coinflow, asyncContext', variant: coinflowAsyncContext, controller: [AnswerController] },
  { name: 'coinflow, merged policy, attested', variant: coinflow, controller: [DecoratedController], isAttested: true },
];

/** In one process: the more applications share it, the less of their data stays in the processor's caches. */
const contendersWith = (ours: Contender): readonly Contender[] => [
  { name: 'unguarded', variant: unguarded, controller: [VaryController] },
  { name: 'a guard that returns true', variant: returnsTrue, controller: [VaryController] },
  ours,
  { name: 'nestjs-jwt', variant: nestjsJwt, controller: [VaryController] },
];

async function measureAdded(ours: Contender): Promise<Report> {
  const isPinned = pinToOneCore();
  const contests: Contest[] = [];
  for (const contender of contendersWith(ours)) contests.push(await Contest.start(contender, UPSTREAM));
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
