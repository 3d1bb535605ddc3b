// What remembered sessions take of the heap, and whether a bounded memory stays bounded. Needs --expose-gc.
import type { Report } from '../measuring/report.js';
import { tellParent } from '../measuring/subprocess.js';
import { answerCoinflowInProcess } from '../sessions/coinflow-in-process.js';
import { createService, obtainSessions, settle } from '../sessions/remembered-sessions.js';
import { SessionKeys } from '../sessions/session-keys.js';

const isQuick = process.argv.includes('quick');
const SESSIONS = isQuick ? 100_000 : 1_000_000;
/** More distinct keys than the memory has room for by default. */
const DISTINCT_KEYS = isQuick ? 400_000 : 1_000_000;
const STEPS = isQuick ? 4 : 10;
const MIB = 1_024 * 1_024;

interface Usage {
  readonly heap: number;
  /** Beside the heap: typed arrays. */
  readonly buffers: number;
}

async function usageNow(): Promise<Usage> {
  await settle();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { heap: heapUsed, buffers: arrayBuffers };
}

async function measureSessions(): Promise<Report> {
  // Whatever is made once is made before.
  await obtainSessions(await createService(1_000), 0, 1_000);
  const before = await usageNow();
  const service = await createService(SESSIONS);
  await obtainSessions(service, 0, SESSIONS);
  const after = await usageNow();
  // Still needed here, or it would have been collected.
  await obtainSessions(service, 0, 1);
  const heap = (after.heap - before.heap) / SESSIONS;
  const buffers = (after.buffers - before.buffers) / SESSIONS;
  return {
    title: `Memory of ${SESSIONS.toLocaleString('en')} remembered sessions`,
    columns: [
      { key: 'what', title: 'where' },
      { key: 'bytes', title: 'bytes/session', digits: 1 },
    ],
    rows: [
      { what: 'heap', bytes: heap },
      { what: 'buffers', bytes: buffers },
      { what: 'together', bytes: heap + buffers },
    ],
    notes: ['Each of another user, obtained through createSessionKey; the keys themselves are not kept.'],
  };
}

async function measureLeak(): Promise<Report> {
  const service = await createService();
  const step = DISTINCT_KEYS / STEPS;
  const rows = [];
  for (let done = 0; done <= DISTINCT_KEYS; done += step) {
    await obtainSessions(service, Math.max(0, done - step), done);
    const { heap, buffers } = await usageNow();
    rows.push({ keys: done, heapMib: heap / MIB, buffersMib: buffers / MIB });
  }
  return {
    title: 'Distinct keys through the default memory',
    columns: [
      { key: 'keys', title: 'keys so far' },
      { key: 'heapMib', title: 'heap MiB', digits: 1 },
      { key: 'buffersMib', title: 'buffers MiB', digits: 1 },
    ],
    rows,
    notes: ['Flat once the memory is full (cache.maxEntries, 100,000 by default): what is forgotten leaves nothing.'],
  };
}

answerCoinflowInProcess(new SessionKeys());
const sessions = await measureSessions();
tellParent([sessions, await measureLeak()]);
