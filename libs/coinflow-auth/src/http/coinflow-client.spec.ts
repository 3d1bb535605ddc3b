import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorEndpoint } from 'coinflow-emulator';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import { resolveOptions } from '../options/resolve-options.js';
import { CoinflowClient } from './coinflow-client.js';

const ALICE = { subject: { kind: 'user', userId: 'alice' }, signedMessage: undefined } as const;
const WALLET = { kind: 'wallet', wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' } as const;
const DOWN = { kind: 'status', status: 503 } as const;
const UNUSED = {
  attempts: 0,
  retries: 0,
  answered: 0,
  unanswered: 0,
  rateLimited: 0,
  refusedByBreaker: 0,
  durationMs: { total: 0, max: 0 },
  breaker: 'closed',
};

describe('CoinflowClient', () => {
  let coinflow: CoinflowEmulator;
  let client: CoinflowClient;
  let logger: RecordingLogger;

  beforeEach(async () => {
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    jest.spyOn(Math, 'random').mockReturnValue(0);
    coinflow = await startCoinflowEmulator();
    const [{ apiKey, merchantId } = { apiKey: '', merchantId: '' }] = coinflow.merchants;
    client = new CoinflowClient(resolveOptions({ env: 'local', baseUrl: coinflow.url, apiKey, merchantId }));
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    client.close();
    await coinflow.close();
  });

  const calls: Record<string, [EmulatorEndpoint, () => Promise<unknown>]> = {
    'Get Message': ['message', () => client.getMessage(WALLET.wallet, WALLET.blockchain)],
    'Get Session Key for a user': ['session-key', () => client.getSessionKey(ALICE)],
    'Get Session Key for a wallet': [
      'session-key',
      () => client.getSessionKey({ subject: WALLET, signedMessage: undefined }),
    ],
    'Verify Token': ['verify', () => client.verifyToken(coinflow.signSessionKey({ customerId: 'alice' }))],
  };

  it.each(Object.entries(calls))('%s is retried when it got no response', async (_, [endpoint, call]) => {
    coinflow.fail(endpoint, { kind: 'reset' }, 2);
    await call();
    expect(coinflow.countCalls(endpoint)).toBe(3);
  });

  it('a signed message is sent once, since an attempt without a response may have used it', async () => {
    coinflow.fail('session-key', DOWN);
    const creating = client.getSessionKey({ subject: WALLET, signedMessage: '0x00' });
    await expect(creating).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'status-503' });
    expect(coinflow.countCalls('session-key')).toBe(1);
  });

  it('failures of one endpoint do not stop the calls to another', async () => {
    coinflow.fail('verify', DOWN);
    const verify = (): Promise<void> => client.verifyToken('key', { isKnown: true });
    for (let i = 0; i < 2; i += 1) await expect(verify()).rejects.toMatchObject({ reason: 'status-503' });
    await expect(verify()).rejects.toMatchObject({ reason: 'breaker-open' });
    await expect(client.getSessionKey(ALICE)).resolves.toMatch(/^eyJ/);
    await expect(client.getMessage(WALLET.wallet, WALLET.blockchain)).resolves.toHaveProperty('message');
    expect(logger.at('warn')).toEqual([expect.stringMatching(/^GET \/api\/auth\/verify failed/)]);
  });

  it('verifies known keys while the breaker stops calls for new keys', async () => {
    const key = coinflow.signSessionKey({ customerId: 'alice' });
    coinflow.fail('verify', { kind: 'reset' }, 5);
    for (let i = 0; i < 2; i += 1) await client.verifyToken('hostile').catch(() => undefined);
    await expect(client.verifyToken(key)).rejects.toMatchObject({ reason: 'breaker-open' });
    expect(client.statistics().verify.breaker).toBe('open');
    await expect(client.verifyToken(key, { isKnown: true })).resolves.toBeUndefined();
    await expect(client.verifyToken(key)).resolves.toBeUndefined();
    expect(client.statistics().verify.breaker).toBe('closed');
  });

  it('a key that makes Coinflow fail does not stop the verification of other keys', async () => {
    coinflow.fail('verify', { kind: 'status', status: 500 }, 10);
    for (let i = 0; i < 10; i += 1) {
      await expect(client.verifyToken('invalid')).rejects.toMatchObject({ reason: 'status-500' });
    }
    await expect(client.verifyToken(coinflow.signSessionKey({ customerId: 'alice' }))).resolves.toBeUndefined();
  });

  it('returns a snapshot of the calls by endpoint', async () => {
    const before = client.statistics();
    await client.getSessionKey(ALICE);
    coinflow.fail('message', { kind: 'rate-limited' });
    await expect(client.getMessage(WALLET.wallet, WALLET.blockchain)).rejects.toMatchObject({
      code: 'COINFLOW_BUDGET_EXHAUSTED',
    });
    expect(before).toEqual({ verify: UNUSED, sessionKey: UNUSED, message: UNUSED });
    expect(Object.isFrozen(before)).toBe(true);
    const durationMs = { total: expect.any(Number), max: expect.any(Number) };
    expect(client.statistics()).toEqual({
      verify: UNUSED,
      sessionKey: { ...UNUSED, attempts: 1, answered: 1, durationMs },
      message: { ...UNUSED, attempts: 1, answered: 1, rateLimited: 1, durationMs },
    });
  });

  it.each([90_000, -90_000])("estimates that Coinflow's clock is %d ms off", async (skewMs) => {
    expect(client.clock.skewMs).toBeUndefined();
    coinflow.setClockOffset(skewMs);
    await client.getSessionKey(ALICE);
    await client.verifyToken('key').catch(() => undefined);
    const { skewMs: estimate = NaN, uncertaintyMs = NaN } = client.clock;
    expect(Math.abs(estimate - skewMs)).toBeLessThanOrEqual(uncertaintyMs);
    expect(logger.at('warn')).toEqual([expect.stringMatching(/clock-skew/)]);
  });
});
