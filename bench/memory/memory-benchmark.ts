// The heap size of cached sessions, and whether a bounded cache stays bounded. Needs --expose-gc.
import type { CoinflowAuthService } from 'nestjs-coinflow-auth';
import type { Report } from '../measuring/report.js';
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { createService, createSessions, verifySessions, settle } from '../sessions/cached-sessions.js';
import { SessionKeys } from '../sessions/session-keys.js';

const isQuick = process.argv.includes('quick');
const SESSIONS = isQuick ? 100_000 : 1_000_000;
/** More distinct keys than the default cache size. */
const DISTINCT_KEYS = isQuick ? 400_000 : 1_000_000;
const STEPS = isQuick ? 4 : 10;
const MIB = 1_024 * 1_024;

interface Usage {
  readonly heap: number;
  /** Memory outside the heap: typed arrays. */
  readonly buffers: number;
}

async function usageNow(): Promise<Usage> {
  await settle();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

type Fill = (service: CoinflowAuthService, from: number, to: number) => Promise<void>;

const keys = new SessionKeys();

async function bytesPerSession(what: string, fill: Fill): Promise<Record<string, string | number>> {
  // Allocates everything that is created once before the measurement.
  await fill(await createService(1_000), 0, 1_000);
  const before = await usageNow();
  const service = await createService(SESSIONS);
  await fill(service, 0, SESSIONS);
  const after = await usageNow();
  // Uses the service, so that it is not garbage-collected before.
  await fill(service, 0, 1);
  const heap = (after.heap - before.heap) / SESSIONS;
  const buffers = (after.buffers - before.buffers) / SESSIONS;
  return { what, heap, buffers, together: heap + buffers };
}

async function measureSessions(): Promise<Report> {
  return {
    title: `Memory of ${SESSIONS.toLocaleString('en')} sessions, bytes per session`,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'heap', title: 'heap', digits: 1 },
      { key: 'buffers', title: 'buffers', digits: 1 },
      { key: 'together', title: 'together', digits: 1 },
    ],
    rows: [
      await bytesPerSession('verified (verifySessionKey)', (service, from, to) =>
        verifySessions(service, keys, from, to),
      ),
      await bytesPerSession('created (createSessionKey)', (service, from, to) => createSessions(service, from, to)),
    ],
    notes: ['Each session has a different user. The last 100,000 created keys are also stored for reuse.'],
  };
}

async function measureLeak(): Promise<Report> {
  const service = await createService();
  const step = DISTINCT_KEYS / STEPS;
  const rows = [];
  for (let done = 0; done <= DISTINCT_KEYS; done += step) {
    await createSessions(service, Math.max(0, done - step), done);
    const { heap, buffers } = await usageNow();
    rows.push({ keys: done, heapMib: heap / MIB, buffersMib: buffers / MIB });
  }
  return {
    title: 'Distinct keys through the default cache',
    columns: [
      { key: 'keys', title: 'keys so far' },
      { key: 'heapMib', title: 'heap MiB', digits: 1 },
      { key: 'buffersMib', title: 'buffers MiB', digits: 1 },
    ],
    rows,
    notes: [
      'Constant after the cache is full (cache.maxEntries, 100,000 by default): evicted sessions leave nothing behind.',
    ],
  };
}

answerCoinflowInProcess(keys);
const sessions = await measureSessions();
tellParent([sessions, await measureLeak()]);
