import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CoinflowAuthModule, CoinflowAuthService, type CoinflowSession } from 'nestjs-coinflow-auth';
import type { CoinflowAuthenticator } from '../../libs/coinflow-auth/src/coinflow-authenticator.js';
import { instanceToken } from '../../libs/coinflow-auth/src/options/tokens.js';
import { MERCHANT_ID, type SessionKeys } from './session-keys.js';

/** A short timeout, because calls stay in the process and each call leaves a timer for this long. */
export const CALL_TIMEOUT_MS = 1_000;
const AT_ONCE = 500;

export interface BenchInstance {
  readonly service: CoinflowAuthService;
  /** The guard calls it for each request. */
  readonly authenticator: CoinflowAuthenticator;
}

export async function createService(maxEntries?: number): Promise<CoinflowAuthService> {
  return (await createInstance(maxEntries)).service;
}

/** Starts the module with a cache of the given or the default size. */
export async function createInstance(maxEntries?: number): Promise<BenchInstance> {
  @Module({
    imports: [
      CoinflowAuthModule.forRoot({
        env: 'local',
        apiKey: 'bench-key',
        merchantId: MERCHANT_ID,
        cache: { maxEntries },
        // The benchmark verifies all keys at once, so no budget may limit it.
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
 * Creates sessions for the users `from` to `to` through the API of the service.
 * @param keep called with each session
 */
export async function createSessions(
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

/** Verifies keys of the users `from` to `to` with Coinflow, as a replica does that has not created them. */
export async function verifySessions(
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

/** Waits until the timers of all calls have ended and collects garbage. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 2 * CALL_TIMEOUT_MS));
  // Objects with finalizers are collected by the second run only.
  for (let i = 0; i < 3; i += 1) {
    global.gc?.();
    await new Promise(setImmediate);
  }
}
