import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { stopClock } from './harness/clock.js';
import { jwtOf } from '../libs/coinflow-auth/test-doubles/fake-coinflow.js';
import { html, json, reset, startScriptedServer, type ScriptedServer } from './harness/scripted-server.js';
import { TestService } from '../libs/coinflow-auth/test-doubles/test-service.js';

const HOUR_MS = 3_600_000;
const STOPPED = { code: 'COINFLOW_UNAVAILABLE', reason: 'breaker-open' };

/** A gateway between the application and Coinflow resets the connection for these keys. */
describe('hostile session keys', () => {
  let coinflow: ScriptedServer;
  let service: TestService;
  let hostile = reset;

  const keyOf = (customerId: string, claims: object = {}): string => {
    const iat = Math.floor(Date.now() / 1_000);
    return jwtOf({ customerId, merchantId: 'ours', iat, exp: iat + 86_400, ...claims });
  };
  const newService = (): TestService =>
    new TestService({
      env: 'local',
      baseUrl: coinflow.url,
      apiKey: 'key',
      merchantId: 'ours',
      http: { retries: 0 },
      cache: { ttlMs: HOUR_MS },
    });
  const isFrom = (key: string, customerId: string): boolean =>
    Buffer.from(key.split('.')[1] ?? '', 'base64url')
      .toString()
      .includes(customerId);

  beforeEach(async () => {
    Logger.overrideLogger(false);
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    hostile = reset;
    coinflow = await startScriptedServer();
    coinflow.script((request, response) => {
      const key = String(request.headers['x-coinflow-auth-session-key']);
      if (request.url === '/api/auth/session-key') {
        json(200, {}, JSON.stringify({ key: keyOf('created') }))(request, response);
      } else if (isFrom(key, 'mallory')) {
        hostile(request, response);
      } else {
        json(['alice', 'bob', 'created'].some((user) => isFrom(key, user)) ? 200 : 401)(request, response);
      }
    });
    service = newService();
  });

  afterEach(async () => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    await service.stop();
    coinflow.close();
  });

  const verify = (key: string, maxAgeMs?: number): Promise<unknown> =>
    service.verifySessionKey(key, maxAgeMs === undefined ? {} : { maxAgeMs });

  async function stopNewKeys(): Promise<void> {
    for (let i = 0; i < 5; i += 1) await verify(keyOf(`mallory${i}`)).catch(() => undefined);
    await expect(verify(keyOf('bob', { jti: 'stopped' }))).rejects.toMatchObject(STOPPED);
  }

  it('hostile keys do not stop the verification of a key whose verification has expired', async () => {
    const clock = stopClock();
    const alice = keyOf('alice');
    await verify(alice);
    clock.advance(2 * HOUR_MS);
    await stopNewKeys();
    await expect(verify(alice)).resolves.toMatchObject({ subject: { userId: 'alice' } });
  });

  it('hostile keys do not stop the revalidation of a verified key', async () => {
    const alice = keyOf('alice');
    await verify(alice);
    await stopNewKeys();
    await expect(verify(alice, 0)).resolves.toMatchObject({ subject: { userId: 'alice' } });
  });

  describe('on a replica that has never called Coinflow before', () => {
    let attestedKey = '';
    let clock: ReturnType<typeof stopClock>;

    beforeEach(async () => {
      clock = stopClock();
      ({ attestedKey = '' } = await service.createSessionKey({ userId: 'created' }));
      await service.stop();
      service = newService();
      await stopNewKeys();
    });

    it('hostile keys do not stop the revalidation of a key that this application created', async () => {
      await expect(verify(attestedKey, 0)).resolves.toMatchObject({ subject: { userId: 'created' } });
    });

    it('hostile keys do not stop the endpoint probe while a call for a hostile key is under way', async () => {
      clock.advance(5_000);
      const isUnderWay = new Promise<void>((resolve) => (hostile = () => resolve()));
      const waiting = verify(keyOf('mallory')).catch(() => undefined);
      await isUnderWay;
      await expect(verify(attestedKey, 0)).resolves.toMatchObject({ subject: { userId: 'created' } });
      coinflow.close();
      await waiting;
    });
  });

  it('hostile keys do not stop new keys for longer than until a call for a known key succeeds', async () => {
    const alice = keyOf('alice');
    await verify(alice);
    await stopNewKeys();
    await verify(alice, 0);
    await expect(verify(keyOf('bob'))).resolves.toMatchObject({ subject: { userId: 'bob' } });
  });

  it.each([403, 413, 431])('hostile keys stop no other key when a gateway answers them with a %d', async (status) => {
    hostile = html(status);
    for (let i = 0; i < 6; i += 1) {
      await expect(verify(keyOf(`mallory${i}`))).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
    }
    await expect(verify(keyOf('bob'))).resolves.toMatchObject({ subject: { userId: 'bob' } });
  });
});
