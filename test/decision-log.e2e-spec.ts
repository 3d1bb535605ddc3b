import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CoinflowDecision } from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, foreignKey, forge, unseenKey, type TestApp } from './harness/create-test-app.js';
import { ShopController } from './harness/shop.controller.js';

describe.each(PLATFORMS)('the metrics and listeners of decisions, on %s', (platform) => {
  let app: TestApp;
  let decisions: CoinflowDecision[];
  let stop: () => void;

  beforeEach(async () => {
    // Each route is guarded twice.
    app = await createTestApp({ platform, controllers: [ShopController], globalGuard: true });
    decisions = [];
    stop = app.service.onDecision((decision) => void decisions.push(decision));
  });

  afterEach(() => app.close());

  it('counts each request once, by outcome, decidedBy and code', async () => {
    const { key, attestedKey } = await app.service.createSessionKey({ userId: 'alice' });
    const unseen = unseenKey(app.coinflow, { customerId: 'carol' });
    await app.get('/guarded', key);
    await app.get('/guarded', attestedKey);
    await app.get('/guarded', unseen);
    await app.get('/guarded', unseen);
    await app.get('/strict', key);
    await app.get('/wallets', key);
    await app.get('/optional');
    await app.get('/public', 'whatever');
    await app.get('/guarded');
    await app.get('/guarded', foreignKey(app.coinflow));
    await app.get('/guarded', forge(unseen));
    await app.get('/guarded', forge(unseen));
    await app.service.revokeSessionKey(key);
    await app.get('/guarded', key);
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    await app.get('/guarded', unseenKey(app.coinflow, { customerId: 'bob' }));
    await app.service.verifySessionKey(unseen);
    await expect(app.service.verifySessionKey('')).rejects.toThrow();

    expect(app.service.metrics().decisions).toEqual({
      total: 15,
      byOutcome: {
        authenticated: 6,
        anonymous: 1,
        unauthenticated: 6,
        forbidden: 1,
        'rate-limited': 0,
        unavailable: 1,
        misconfigured: 0,
      },
      byDecidedBy: {
        request: 3,
        claims: 1,
        cache: 4,
        'shared-cache': 0,
        attestation: 1,
        coinflow: 4,
        coalesced: 0,
        stale: 0,
        'negative-cache': 1,
        revocation: 1,
        budget: 0,
      },
      byCode: {
        COINFLOW_SUBJECT_NOT_ALLOWED: 1,
        COINFLOW_SESSION_KEY_MISSING: 2,
        COINFLOW_SESSION_WRONG_MERCHANT: 1,
        COINFLOW_SESSION_REJECTED: 2,
        COINFLOW_SESSION_REVOKED: 1,
        COINFLOW_UNAVAILABLE: 1,
      },
    });
    expect(decisions).toHaveLength(15);
  });

  it('counts one of a thousand concurrent requests with a new key as decided by coinflow, and the others as coalesced', async () => {
    const key = unseenKey(app.coinflow);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => app.get('/guarded', key)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1_000);
    const { total, byDecidedBy } = app.service.metrics().decisions;
    expect(total).toBe(1_000);
    expect(byDecidedBy.coinflow).toBe(1);
    expect(byDecidedBy.cache + byDecidedBy.coalesced).toBe(999);
    const asked = app.coinflow.calls.filter(({ headers }) => headers['x-coinflow-auth-session-key'] !== undefined);
    // The endpoint probe is a call as well.
    expect(asked).toHaveLength(2);
  });

  it('passes subject, handler and error to a listener, and no secret', async () => {
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    await app.get('/guarded', key);
    await app.get('/wallets', key);
    await app.get('/optional');
    expect(decisions).toMatchObject([
      {
        outcome: 'authenticated',
        decidedBy: 'cache',
        subject: { kind: 'user', userId: 'alice' },
        error: undefined,
        handler: 'ShopController.guarded',
        instance: undefined,
      },
      {
        outcome: 'forbidden',
        subject: null,
        error: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED', reason: 'subject-not-allowed' },
        handler: 'ShopController.wallets',
      },
      { outcome: 'anonymous', decidedBy: 'request', subject: null, error: undefined },
    ]);
    expect(JSON.stringify(decisions)).not.toContain(key);
    stop();
    await app.get('/guarded', key);
    expect(decisions).toHaveLength(3);
  });

  it.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('canary'))],
  ])('logs once that a listener %s, and does not affect requests', async (_, listener) => {
    app.service.onDecision(listener);
    const { key } = await app.service.createSessionKey({ userId: 'alice' });
    for (let i = 0; i < 3; i += 1) expect((await app.get('/guarded', key)).status).toBe(200);
    expect((await app.get('/guarded')).status).toBe(401);
    expect(decisions).toHaveLength(4);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('A listener of onDecision() throws')]);
    expect(app.logger.text).not.toContain('canary');
  });
});
