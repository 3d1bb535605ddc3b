import { signal } from '@preact/signals';
import { ask, type Answer } from '../api/answer.js';
import { readFigures } from '../api/sample.js';
import { durationsBySecond } from '../live/live.js';
import { since, tallyOf } from '../live/savings.js';
import { median } from '../live/series.js';
import { announce } from '../ui/announcer.js';
import { keyOf, type KeyKind } from './key-kinds.js';
import { askingOf, ME, type Route } from './routes.js';
import { AnswerTally, runRequests, type AnswerGroup } from './run.js';
import { summarise } from './summary.js';

/** Of the browser's six connections to a host the event stream has one, and the shopper another. */
const CONCURRENCY = 4;
const REFRESH_MS = 100;

export interface Progress {
  readonly count: number;
  readonly done: number;
}

export interface RunResult {
  readonly route: Route;
  readonly keyKind: KeyKind;
  readonly count: number;
  readonly groups: readonly AnswerGroup[];
  /** Calls of Verify Token meanwhile, whoever caused them; `undefined` where the figures cannot be read. */
  readonly calls: number | undefined;
  readonly tookMs: number;
  readonly medianMs: number;
  /** The last answer, to be shown whole. */
  readonly last: Answer;
}

export const route = signal<Route>(ME);
export const keyKind = signal<KeyKind>('attested');
export const progress = signal<Progress | undefined>(undefined);
export const result = signal<RunResult | undefined>(undefined);
export const failure = signal<Answer | undefined>(undefined);

let stopping = new AbortController();

export function stopRun(): void {
  stopping.abort();
}

/** Sends so many requests with the chosen key to the chosen route. */
export async function tryIt(count: number): Promise<void> {
  if (progress.value) return;
  const [target, kind] = [route.value, keyKind.value];
  failure.value = undefined;
  progress.value = { count, done: 0 };
  stopping = new AbortController();
  try {
    const found = await keyOf(kind);
    failure.value = found.failure;
    if (!found.failure) result.value = (await run(target, kind, count, found.sessionKey)) ?? result.value;
  } finally {
    progress.value = undefined;
  }
}

async function run(
  target: Route,
  kind: KeyKind,
  count: number,
  sessionKey: string | undefined,
): Promise<RunResult | undefined> {
  const tally = new AnswerTally();
  const durations: number[] = [];
  const before = await readFigures();
  const began = performance.now();
  let last: Answer | undefined;
  let shownAt = began;
  await runRequests({
    count,
    concurrency: CONCURRENCY,
    signal: stopping.signal,
    send: (signal) => ask(target.path, { ...askingOf(target, sessionKey), signal }),
    onAnswer: (answer, done) => {
      last = answer;
      tally.add(answer);
      durations.push(answer.durationMs);
      durationsBySecond.add(Date.now(), answer.durationMs);
      if (performance.now() - shownAt < REFRESH_MS) return;
      shownAt = performance.now();
      progress.value = { count, done };
    },
  });
  const tookMs = performance.now() - began;
  const after = await readFigures();
  if (!last) return undefined;
  const calls = before && after && since(tallyOf(after), tallyOf(before)).verifications;
  const { groups } = tally;
  const done = durations.length;
  announce(summarise(groups, calls));
  return { route: target, keyKind: kind, count: done, groups, calls, tookMs, medianMs: median(durations), last };
}
