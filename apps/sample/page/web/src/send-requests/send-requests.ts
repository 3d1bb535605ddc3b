import { signal } from '@preact/signals';
import { callApi, type ApiResponse } from '../api/call-api.js';
import { readMetrics } from '../api/sample.js';
import { since, tallyOf } from '../live/call-savings.js';
import { latencyBySecond } from '../live/live-state.js';
import { median, quantile } from '../live/series.js';
import { announce } from '../ui/announcer.js';
import { keyFor, type KeyKind } from './key-kinds.js';
import { summarise } from './result-texts.js';
import { ME, requestFor, type Route } from './routes.js';
import { ResponseTally, runRequests, type ResponseGroup } from './run.js';

/** A browser has six connections to a host. The event stream and the user traffic need one each. */
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
  readonly groups: readonly ResponseGroup[];
  /** All calls of Verify Token during the run; `undefined` if the metrics cannot be read. */
  readonly calls: number | undefined;
  readonly totalMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly lastResponse: ApiResponse;
}

export const route = signal<Route>(ME);
export const keyKind = signal<KeyKind>('attested');
export const progress = signal<Progress | undefined>(undefined);
export const result = signal<RunResult | undefined>(undefined);
export const failure = signal<ApiResponse | undefined>(undefined);

let abort = new AbortController();

export function stopRun(): void {
  abort.abort();
}

/** Sends `count` requests with the chosen key to the chosen route. */
export async function sendRequests(count: number): Promise<void> {
  if (progress.value) return;
  const [target, kind] = [route.value, keyKind.value];
  failure.value = undefined;
  progress.value = { count, done: 0 };
  abort = new AbortController();
  try {
    const found = await keyFor(kind);
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
  const tally = new ResponseTally();
  const latencies: number[] = [];
  const before = await readMetrics();
  const began = performance.now();
  let lastResponse: ApiResponse | undefined;
  let renderedAt = began;
  await runRequests({
    count,
    concurrency: CONCURRENCY,
    signal: abort.signal,
    send: (signal) => callApi(target.path, { ...requestFor(target, sessionKey), signal }),
    onResponse: (response, done) => {
      lastResponse = response;
      tally.add(response);
      latencies.push(response.durationMs);
      latencyBySecond.add(Date.now(), response.durationMs);
      if (performance.now() - renderedAt < REFRESH_MS) return;
      renderedAt = performance.now();
      progress.value = { count, done };
    },
  });
  const totalMs = performance.now() - began;
  const after = await readMetrics();
  if (!lastResponse) return undefined;
  const calls = before && after && since(tallyOf(after), tallyOf(before)).verifyCalls;
  const { groups } = tally;
  announce(summarise(groups, calls));
  return {
    route: target,
    keyKind: kind,
    count: latencies.length,
    groups,
    calls,
    totalMs,
    p50Ms: median(latencies),
    p90Ms: quantile(latencies, 0.9),
    lastResponse,
  };
}
