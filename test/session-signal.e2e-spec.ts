import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Controller, Module, Post } from '@nestjs/common';
import { CoinflowAuth, CoinflowAuthModule, CoinflowAuthService, type CoinflowSession } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import { instanceToken } from '../libs/coinflow-auth/src/options/tokens.js';
import { createTestApp, optionsFor, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { until } from './harness/until.js';

const REVOKED = { code: 'COINFLOW_SESSION_REVOKED' };
const FAKED = { doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] } as const;

@Controller()
class PayoutsController {
  @Post('payouts')
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(): void {}
}

const apps: TestApp[] = [];

afterEach(async () => {
  jest.useRealTimers();
  for (const app of apps.splice(0)) await app.close();
});

async function start(test: TestAppOptions = {}): Promise<TestApp> {
  const app = await createTestApp({ controllers: [PayoutsController], ...test });
  apps.push(app);
  return app;
}

/** A session that the application has verified, not created. */
function verify({ service, coinflow }: TestApp, claims: Record<string, unknown> = {}): Promise<CoinflowSession> {
  return service.verifySessionKey(unseenKey(coinflow, claims));
}

describe('sessionSignal()', () => {
  it('is aborted when the session expires', async () => {
    const app = await start();
    const session = await verify(app, { exp: Math.floor(Date.now() / 1_000) + 3_600 });
    jest.useFakeTimers({ ...FAKED, doNotFake: [...FAKED.doNotFake] });
    const signal = app.service.sessionSignal(session);
    jest.advanceTimersByTime(3_500_000);
    expect(signal.aborted).toBe(false);
    jest.advanceTimersByTime(110_000);
    expect(signal.reason).toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
  });

  it('is aborted when the session key is revoked, for every holder of a signal', async () => {
    const app = await start();
    const session = await app.service.createSessionKey({ userId: 'alice' });
    const signals = [app.service.sessionSignal(session), app.service.sessionSignal(session)];
    const other = app.service.sessionSignal(await app.service.createSessionKey({ userId: 'bob' }));
    const listener = jest.fn();
    signals[0]?.addEventListener('abort', () => listener());
    await app.service.revokeSessionKey(session.attestedKey ?? session.key);
    expect(signals.map(({ reason }) => reason as unknown)).toMatchObject([REVOKED, REVOKED]);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(other.aborted).toBe(false);
  });

  it('is aborted when the user is revoked, but not that of a key which Coinflow creates later', async () => {
    const app = await start();
    const signal = app.service.sessionSignal(await app.service.createSessionKey({ userId: 'alice' }));
    await app.service.revokeSubject({ userId: 'alice' });
    const later = app.service.sessionSignal(await app.service.createSessionKey({ userId: 'alice' }));
    expect(signal.reason).toMatchObject(REVOKED);
    expect(later.aborted).toBe(false);
  });

  it('is aborted when Coinflow rejects the key in another request, and not in an outage', async () => {
    const app = await start();
    const session = await verify(app);
    const signal = app.service.sessionSignal(session);
    const pay = (): Promise<unknown> =>
      app.send('/payouts', { method: 'POST', headers: { 'x-coinflow-auth-session-key': session.key } });
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await pay()).toMatchObject({ status: 503 });
    expect(signal.aborted).toBe(false);
    app.coinflow.fail('verify', { kind: 'status', status: 401 });
    await until(async () => ((await pay()) as { status: number }).status === 401);
    expect(signal.reason).toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
  });

  it('is not aborted when the session leaves the cache, and never asks Coinflow', async () => {
    const app = await start({ options: { cache: { maxEntries: 1 } } });
    const signal = app.service.sessionSignal(await verify(app));
    await verify(app, { customerId: 'bob' });
    expect(app.service.metrics().cache.sessions).toBe(1);
    const calls = app.coinflow.countCalls('verify');
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(signal.aborted).toBe(false);
    expect(app.coinflow.countCalls('verify')).toBe(calls);
  });

  it('is aborted from the start when the session has ended', async () => {
    const app = await start();
    const session = await verify(app);
    await app.service.revokeSessionKey(session.key);
    expect(app.service.sessionSignal(session).reason).toMatchObject(REVOKED);
  });

  it.each([[undefined], [null], ['key'], [{}]])('throws for %p, which is no session', async (session) => {
    const { service } = await start();
    expect(() => service.sessionSignal(session as CoinflowSession)).toThrow('must be a session');
  });

  it('knows the revocations of its own instance only', async () => {
    @Module({})
    class Instances {}
    const app = await start({
      register: (options) => ({
        module: Instances,
        imports: [CoinflowAuthModule.forRoot(options), CoinflowAuthModule.forRoot({ ...options, name: 'eu' })],
      }),
    });
    const eu = app.app.get<CoinflowAuthService>(instanceToken('service', 'eu'), { strict: false });
    const session = await verify(app);
    const [unnamed, named] = [app.service.sessionSignal(session), eu.sessionSignal(session)];
    await eu.revokeSessionKey(session.key);
    expect(named.reason).toMatchObject(REVOKED);
    expect(unnamed.aborted).toBe(false);
  });
});

describe('onSessionEnd()', () => {
  it('calls the listener once with the reason, unless it was stopped', async () => {
    const app = await start();
    const session = await verify(app);
    const [listener, stopped] = [jest.fn(), jest.fn()];
    app.service.onSessionEnd(session, listener);
    app.service.onSessionEnd(session, stopped)();
    await app.service.revokeSessionKey(session.key);
    await app.service.revokeSubject({ userId: 'alice' });
    expect(listener.mock.calls).toEqual([[expect.objectContaining(REVOKED)]]);
    expect(stopped).not.toHaveBeenCalled();
    expect(app.authenticator.sessions.watcher.size).toBe(0);
  });
});

describeWithRedis('sessionSignal() on two replicas over Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.kill());

  it('is aborted within a second of a revocation or a rejection on the other replica', async () => {
    const store = (): object => ({ store: redisSharedStore({ url: redis.url }) });
    const one = await start({ options: store() });
    const other = await start({ options: { ...optionsFor(one.coinflow), ...store() } });
    const sessions = await Promise.all(
      ['alice', 'bob', 'carol', 'dave'].map((customerId) => verify(one, { customerId })),
    );
    const signals = sessions.map((session) => one.service.sessionSignal(session));
    const startedAt = performance.now();
    await other.service.revokeSessionKey(sessions[0]!.key);
    await other.service.revokeSubject({ userId: 'bob' });
    await other.service.verifySessionKey(sessions[2]!.key);
    one.coinflow.fail('verify', { kind: 'status', status: 401 });
    const rejection = other.service.verifySessionKey(sessions[2]!.key, { maxAgeMs: 0 });
    await expect(rejection).rejects.toMatchObject({ code: 'COINFLOW_SESSION_REJECTED' });
    await until(() => signals.slice(0, 3).every(({ aborted }) => aborted));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(signals[3]?.aborted).toBe(false);
  });
});
