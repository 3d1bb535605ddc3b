import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CoinflowAuthModule, CoinflowAuthService, type CoinflowSession } from 'nestjs-coinflow-auth';
import type { CoinflowAuthenticator } from '../../libs/coinflow-auth/src/coinflow-authenticator.js';
import { instanceToken } from '../../libs/coinflow-auth/src/options/tokens.js';
import { MERCHANT_ID, type SessionKeys } from './session-keys.js';

/** Enough for a call that never leaves the process; each leaves a timer behind for as long. */
export const CALL_TIMEOUT_MS = 1_000;
const AT_ONCE = 500;

export interface BenchInstance {
  readonly service: CoinflowAuthService;
  /** What the guard calls. */
  readonly authenticator: CoinflowAuthenticator;
}

export async function createService(maxEntries?: number): Promise<CoinflowAuthService> {
  return (await createInstance(maxEntries)).service;
}

/** The module as an application has it, with a cache of so many sessions (or as many as by default). */
export async function createInstance(maxEntries?: number): Promise<BenchInstance> {
  @Module({
    imports: [
      CoinflowAuthModule.forRoot({
        env: 'local',
        apiKey: 'bench-key',
        merchantId: MERCHANT_ID,
        cache: { maxEntries },
        // They are all proven at once, and by nobody that counts.
        budget: { verificationsPerMinute: 10_000_000 },
        http: { timeoutMs: CALL_TIMEOUT_MS },
      }),
    ],
  })
  class AppModule {}
  const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
  return { service: app.get(CoinflowAuthService), authenticator: app.get(instanceToken('authenticator')) };
}

/**
 * Obtains sessions for the users `from` up to `to`, through the service's own API.
 * @param keep sees each of them; what it does not keep is gone
 */
export async function obtainSessions(
  service: CoinflowAuthService,
  from: number,
  to: number,
  keep: (session: CoinflowSession, index: number) => void = () => undefined,
): Promise<void> {
  for (let begin = from; begin < to; begin += AT_ONCE) {
    const length = Math.min(AT_ONCE, to - begin);
    const sessions = Array.from({ length }, (_, i) => service.createSessionKey({ userId: `user-${begin + i}` }));
    (await Promise.all(sessions)).forEach((session, i) => keep(session, begin + i));
  }
}

/** Has keys of the users `from` up to `to` proven by asking, as a process does that did not obtain them. */
export async function proveSessions(
  service: CoinflowAuthService,
  keys: SessionKeys,
  from: number,
  to: number,
): Promise<void> {
  for (let begin = from; begin < to; begin += AT_ONCE) {
    const length = Math.min(AT_ONCE, to - begin);
    await Promise.all(Array.from({ length }, (_, i) => service.verifySessionKey(keys.make(`user-${begin + i}`))));
  }
}

/** Waits until the timers of all calls are gone, and collects what is no more needed. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2 * CALL_TIMEOUT_MS));
  // What waits for finalizers goes with the second one only.
  for (let i = 0; i < 3; i += 1) {
    global.gc?.();
    await new Promise(setImmediate);
  }
}
