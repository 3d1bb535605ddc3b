import type { CoinflowAuthService, CoinflowSession } from 'nestjs-coinflow-auth';
import type { Report } from '../measuring/report.js';
import { createService, createSessions, settle } from '../sessions/cached-sessions.js';

const SESSIONS = 10_000;
/** How many users are revoked, one after the other: one revocation is too short to be measured. */
const REVOCATIONS = 200;

type Watch = (service: CoinflowAuthService, session: CoinflowSession) => unknown;

async function heapNow(): Promise<number> {
  await settle();
  return process.memoryUsage().heapUsed;
}

/** @param keep what holds the watching, so that it is not garbage-collected */
async function watchAll(watch: Watch): Promise<{ service: CoinflowAuthService; bytes: number; keep: unknown[] }> {
  const service = await createService(SESSIONS);
  const sessions: CoinflowSession[] = [];
  await createSessions(service, 0, SESSIONS, (session) => void sessions.push(session));
  const before = await heapNow();
  const keep = sessions.map((session) => watch(service, session));
  return { service, bytes: ((await heapNow()) - before) / SESSIONS, keep };
}

async function revocationUs(service: CoinflowAuthService): Promise<number> {
  const startedAt = performance.now();
  for (let user = 0; user < REVOCATIONS; user += 1) await service.revokeSubject({ userId: `user-${user}` });
  return ((performance.now() - startedAt) / REVOCATIONS) * 1_000;
}

async function row(what: string, watch: Watch): Promise<Record<string, string | number>> {
  const { service, bytes, keep } = await watchAll(watch);
  const revokeUs = await revocationUs(service);
  return { what, bytes: keep.length > 0 ? bytes : NaN, revokeUs };
}

/** The heap of watched sessions, and the time of a revocation that looks for those of one user. */
export async function measureWatched(): Promise<Report> {
  await watchAll((service, session) => service.sessionSignal(session));
  return {
    title: `${SESSIONS.toLocaleString('en')} watched sessions`,
    columns: [
      { key: 'what', title: 'what' },
      { key: 'bytes', title: 'heap bytes/session' },
      { key: 'revokeUs', title: 'revokeSubject, µs' },
    ],
    rows: [
      await row('nothing watched', () => undefined),
      await row('onSessionEnd', (service, session) => service.onSessionEnd(session, () => undefined)),
      await row('sessionSignal with a listener', (service, session) => {
        const signal = service.sessionSignal(session);
        signal.addEventListener('abort', () => undefined);
        return signal;
      }),
    ],
    notes: [
      'Each session has a different user and a timer for its expiry. A revocation compares the subjects of all watched sessions.',
    ],
  };
}
