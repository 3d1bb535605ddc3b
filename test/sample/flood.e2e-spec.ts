import { Agent, request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { amount } from '../harness/amount.js';
import { stopClock } from '../harness/clock.js';
import { PLATFORMS, forge, unseenKey } from '../harness/create-test-app.js';
import { createSampleApp, type SampleApp } from '../harness/create-sample-app.js';

/** For a hundred thousand keys and latencies, run `npm run bench -- flood`. */
const FORGED_KEYS = amount('FLOOD_KEYS', { quick: 500, full: 10_000 });
const ADDRESSES = 50;
const LAPSED_USERS = 8;
const HOUR_MS = 3_600_000;
/** The assumed rate limits of Coinflow. */
const LIMITS = { withKey: 2_000, withoutKey: 100 };

describe.each(PLATFORMS)('a flood of forged session keys on %s', (platform) => {
  let app: SampleApp;
  let clock: ReturnType<typeof stopClock>;
  const agent = new Agent({ keepAlive: true, maxSockets: ADDRESSES });

  beforeEach(async () => {
    clock = stopClock();
    app = await createSampleApp({ platform, limits: LIMITS, env: { TRUST_PROXY: '1' } });
  });

  afterEach(async () => {
    agent.destroy();
    jest.useRealTimers();
    await app.close();
  });

  function statusFor(key: string, address: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const headers = { 'x-coinflow-auth-session-key': key, 'x-forwarded-for': address };
      request(`${app.url}/me`, { agent, headers })
        .once('error', reject)
        .once('response', (response) => {
          response.resume().once('end', () => resolve(response.statusCode ?? 0));
        })
        .end();
    });
  }

  /** Each client sends one forged key after the other while `meanwhile` runs. */
  async function flood(meanwhile: () => Promise<unknown>): Promise<Map<number, number>> {
    const statuses = new Map<number, number>();
    let sent = 0;
    const attack = async (address: string): Promise<void> => {
      while (sent < FORGED_KEYS) {
        sent += 1;
        const key = forge(unseenKey(app.coinflow, { customerId: `forged-${sent}` }));
        const status = await statusFor(key, address);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const attacks = Array.from({ length: ADDRESSES }, (_, i) => attack(`203.0.113.${i}`));
    await meanwhile();
    await Promise.all(attacks);
    return statuses;
  }

  it('uses the budget for new keys only, and keeps authenticating known users', async () => {
    const lapsed = Array.from({ length: LAPSED_USERS }, (_, i) =>
      unseenKey(app.coinflow, { customerId: `lapsed-${i}`, exp: Math.floor(Date.now() / 1_000) + 80_000 }),
    );
    for (const key of lapsed) expect(await statusFor(key, '198.51.100.1')).toBe(200);
    clock.advance(HOUR_MS * 1.1);
    const verified = unseenKey(app.coinflow, { customerId: 'verified' });
    expect(await statusFor(verified, '198.51.100.1')).toBe(200);
    const { key: created } = await app.service.createSessionKey({ userId: 'created' });
    const { attestedKey = '' } = await app.service.createSessionKey({ userId: 'attested' });
    clock.advance(60_000);
    app.coinflow.clearCalls();
    const { sessions } = app.service.metrics().cache;

    const known = [verified, created, attestedKey, ...lapsed];
    const knownStatuses: number[] = [];
    const statuses = await flood(async () => {
      // Known users share an address with a client of the flood. The limit per client must not apply to known keys.
      for (let i = 0; i < 20; i += 1) {
        for (const key of known) knownStatuses.push(await statusFor(key, '203.0.113.1'));
      }
    });

    expect(knownStatuses).toHaveLength(20 * known.length);
    expect(knownStatuses.filter((status) => status !== 200)).toEqual([]);
    expect([...statuses.keys()].filter((status) => ![401, 429, 503].includes(status))).toEqual([]);
    expect(statuses.get(401)).toBe(15);
    expect(app.coinflow.countCalls('verify')).toBe(15 + LAPSED_USERS);
    expect(app.coinflow.calls.filter(({ status }) => status === 429)).toEqual([]);
    expect(app.service.metrics()).toMatchObject({
      cache: { sessions },
      budget: { exhausted: { knownKeys: 0 }, closedForMs: 0 },
      decisions: { byOutcome: { misconfigured: 0 } },
    });

    // A new key must wait for the next window.
    const fresh = unseenKey(app.coinflow, { customerId: 'fresh' });
    const waiting = await app.send('/me', {
      headers: { 'x-coinflow-auth-session-key': fresh, 'x-forwarded-for': '198.51.100.2' },
    });
    expect(waiting).toMatchObject({ status: 503, body: { code: 'COINFLOW_BUDGET_EXHAUSTED' } });
    expect(Number(waiting.headers['retry-after'])).toBeLessThanOrEqual(60);
    clock.advance(60_000);
    expect(await statusFor(fresh, '198.51.100.2')).toBe(200);
    // The number of log lines must not grow with the flood.
    expect(app.logger.at('warn').length + app.logger.at('error').length).toBeLessThan(10);
  });
});
