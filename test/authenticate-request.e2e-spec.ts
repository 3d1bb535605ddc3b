import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Get, Req, ServiceUnavailableException, UseGuards } from '@nestjs/common';
import {
  SESSION_KEY_HEADER,
  SessionKeyExtractors,
  type CoinflowDecision,
  type CoinflowRoutePolicy,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { PLATFORMS, createTestApp, forge, foreignKey, unseenKey, type TestApp } from './harness/create-test-app.js';
import type { SentResponse } from './harness/send.js';
import { PartnerKeys, SessionOrApiKeyGuard } from './session-or-api-key.guard.js';

const API_KEY = 'key-of-a-partner';

class PartnerKeysOfTest extends PartnerKeys {
  isDown = false;

  isValid(apiKey: string): Promise<boolean> {
    return this.isDown ? Promise.reject(new ServiceUnavailableException()) : Promise.resolve(apiKey === API_KEY);
  }
}

@Controller()
@UseGuards(SessionOrApiKeyGuard)
class OrdersController {
  @Get('orders')
  orders(@Req() { session }: { session?: CoinflowSession }): unknown {
    return session?.subject ?? 'a partner';
  }
}

let app: TestApp;

afterEach(async () => {
  jest.restoreAllMocks();
  await app.close();
});

describe.each(PLATFORMS)('a guard that accepts a session or an API key, on %s', (platform) => {
  let partnerKeys: PartnerKeysOfTest;

  beforeEach(async () => {
    partnerKeys = new PartnerKeysOfTest();
    app = await createTestApp({
      platform,
      controllers: [OrdersController],
      providers: [{ provide: PartnerKeys, useValue: partnerKeys }],
    });
  });

  const orders = (credentials: { session?: string; apiKey?: string }): Promise<SentResponse> =>
    app.send('/orders', {
      headers: {
        ...(credentials.session !== undefined && { [SESSION_KEY_HEADER]: credentials.session }),
        ...(credentials.apiKey !== undefined && { 'x-api-key': credentials.apiKey }),
      },
    });
  const forged = (): string => forge(unseenKey(app.coinflow));
  const outage = (): void => app.coinflow.fail('verify', { kind: 'status', status: 503 });

  it.each([
    ['without an API key', undefined],
    ['with an invalid API key', 'unknown'],
  ])('accepts a session %s', async (_, apiKey) => {
    const answer = await orders({ session: unseenKey(app.coinflow), apiKey });
    expect(answer).toMatchObject({ status: 200, body: { kind: 'user', userId: 'alice' } });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
  });

  it.each<[string, () => string | undefined]>([
    ['no session key', () => undefined],
    ['a forged session key', forged],
    ['a session key of another merchant', () => foreignKey(app.coinflow)],
  ])('accepts an API key beside %s, without WWW-Authenticate', async (_, session) => {
    const answer = await orders({ session: session(), apiKey: API_KEY });
    expect(answer).toMatchObject({ status: 200, text: 'a partner' });
    expect(answer.headers).not.toHaveProperty('www-authenticate');
  });

  it.each<[string, () => string | undefined, string, string]>([
    ['no session key', () => undefined, 'COINFLOW_SESSION_KEY_MISSING', ''],
    ['a forged session key', forged, 'COINFLOW_SESSION_REJECTED', ', error="invalid_token"'],
  ])('rejects %s with 401, with and without an invalid API key', async (_, session, code, problem) => {
    for (const apiKey of [undefined, 'unknown']) {
      const answer = await orders({ session: session(), apiKey });
      expect(answer).toMatchObject({ status: 401, body: { code } });
      expect(answer.headers['www-authenticate']).toBe(`CoinflowSession realm="Coinflow"${problem}`);
    }
  });

  it('rejects a session that the policy excludes with 403', async () => {
    const session = unseenKey(app.coinflow, { customerId: undefined, wallet: 'w', blockchain: 'eth' });
    const answer = await orders({ session, apiKey: 'unknown' });
    expect(answer).toMatchObject({ status: 403, body: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } });
  });

  it('answers an outage of Coinflow with 503, also beside an invalid API key', async () => {
    outage();
    for (const apiKey of [undefined, 'unknown']) {
      const answer = await orders({ session: unseenKey(app.coinflow), apiKey });
      expect(answer).toMatchObject({ status: 503, body: { code: 'COINFLOW_UNAVAILABLE' } });
      expect(answer.headers).toHaveProperty('retry-after');
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    }
    expect(await orders({ session: unseenKey(app.coinflow), apiKey: API_KEY })).toMatchObject({ status: 200 });
  });

  it('answers an outage of the API keys with 503, also beside a forged session key', async () => {
    partnerKeys.isDown = true;
    for (const session of [undefined, forged()]) {
      const answer = await orders({ session, apiKey: 'unknown' });
      expect(answer).toMatchObject({ status: 503 });
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    }
  });
});

describe('authenticateRequest', () => {
  const withKey = (key: string): { headers: Record<string, string> } => ({ headers: { [SESSION_KEY_HEADER]: key } });
  let decisions: CoinflowDecision[];

  async function start(options: Parameters<typeof createTestApp>[0] = {}): Promise<TestApp> {
    app = await createTestApp(options);
    decisions = [];
    app.service.onDecision((decision) => void decisions.push(decision));
    return app;
  }

  it('returns the session or the error, and counts each request once', async () => {
    const { service, coinflow } = await start();
    const key = unseenKey(coinflow);
    const request = Object.freeze(withKey(key));
    expect(await service.authenticateRequest(request)).toEqual({ session: expect.objectContaining({ key }) });
    expect(await service.authenticateRequest(request, { blockchains: ['eth'] })).toEqual({
      error: expect.objectContaining({ code: 'COINFLOW_SUBJECT_NOT_ALLOWED' }),
    });
    expect(await service.authenticateRequest({ headers: {} })).toEqual({
      error: expect.objectContaining({ code: 'COINFLOW_SESSION_KEY_MISSING' }),
    });
    coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await service.authenticateRequest(withKey(unseenKey(coinflow, { customerId: 'bob' })))).toEqual({
      error: expect.objectContaining({ code: 'COINFLOW_UNAVAILABLE' }),
    });
    expect(decisions).toMatchObject([
      { decidedBy: 'coinflow', subject: { userId: 'alice' }, error: undefined, handler: undefined },
      { decidedBy: 'cache', subject: null, error: { code: 'COINFLOW_SUBJECT_NOT_ALLOWED' } },
      { decidedBy: 'request', error: { code: 'COINFLOW_SESSION_KEY_MISSING' } },
      { decidedBy: 'coinflow', error: { code: 'COINFLOW_UNAVAILABLE' } },
    ]);
    expect(service.metrics().decisions.total).toBe(4);
  });

  it("returns neither session nor error for an anonymous request with access: 'optional', and an error in an outage", async () => {
    const { service, coinflow } = await start();
    const optional = { access: 'optional', subject: 'user' } as const;
    expect(await service.authenticateRequest({ headers: {} }, optional)).toEqual({});
    const key = unseenKey(coinflow);
    expect(await service.authenticateRequest(withKey(key), optional)).toMatchObject({ session: { key } });
    expect(await service.authenticateRequest(withKey('no,key'), optional)).toMatchObject({
      error: { code: 'COINFLOW_SESSION_KEY_MALFORMED' },
    });
    coinflow.fail('verify', { kind: 'status', status: 503 });
    expect(await service.authenticateRequest(withKey(unseenKey(coinflow, { jti: '2' })), optional)).toMatchObject({
      error: { code: 'COINFLOW_UNAVAILABLE' },
    });
    expect(service.metrics().decisions.byOutcome).toMatchObject({ anonymous: 1, authenticated: 1, unavailable: 1 });
    expect(decisions[0]).toMatchObject({ outcome: 'anonymous', decidedBy: 'request' });
  });

  it('authenticates by a given session key instead of that of the request', async () => {
    const { service, coinflow } = await start();
    const [alice, bob] = [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })];
    const decide = (sessionKey: unknown): Promise<unknown> =>
      service.authenticateRequest(withKey(alice), {}, { sessionKey: sessionKey as string });
    expect(await decide(bob)).toMatchObject({ session: { subject: { userId: 'bob' } } });
    expect(await decide(undefined)).toMatchObject({ session: { subject: { userId: 'alice' } } });
    expect(await decide('')).toMatchObject({ error: { code: 'COINFLOW_SESSION_KEY_MISSING' } });
    expect(await decide(1)).toMatchObject({ error: { code: 'COINFLOW_SESSION_KEY_MALFORMED' } });
  });

  it('revalidates with Coinflow when the policy has maxAgeMs: 0', async () => {
    const { service, coinflow } = await start();
    const request = withKey(unseenKey(coinflow));
    await service.authenticateRequest(request);
    coinflow.clearCalls();
    await service.authenticateRequest(request);
    expect(coinflow.countCalls('verify')).toBe(0);
    await service.authenticateRequest(request, { maxAgeMs: 0 });
    expect(coinflow.countCalls('verify')).toBe(1);
  });

  it('returns the errors of a cross-site request and of a request with two keys', async () => {
    const { firstOf, fromCookie, fromHeader } = SessionKeyExtractors;
    const { service, coinflow } = await start({ options: { extractor: firstOf(fromHeader(), fromCookie('session')) } });
    const cookie = `session=${unseenKey(coinflow)}`;
    const crossSite = { method: 'POST', headers: { cookie, 'sec-fetch-site': 'cross-site' } };
    expect((await service.authenticateRequest(crossSite)).error).toMatchObject({ code: 'COINFLOW_CROSS_SITE' });
    const twoKeys = { headers: { cookie, [SESSION_KEY_HEADER]: unseenKey(coinflow, { customerId: 'bob' }) } };
    expect((await service.authenticateRequest(twoKeys)).error).toMatchObject({
      code: 'COINFLOW_SESSION_KEY_MALFORMED',
    });
  });

  it('limits a client that sends forged keys repeatedly', async () => {
    const budget = { verificationsPerMinute: 1_000, rejectionsPerClient: 1 };
    const { service, coinflow } = await start({ options: { budget } });
    const forged = (customerId: string): object => ({
      ...withKey(forge(unseenKey(coinflow, { customerId }))),
      ip: '203.0.113.7',
    });
    const authenticate = (request: object): Promise<unknown> => service.authenticateRequest(request as never);
    expect(await authenticate(forged('alice'))).toMatchObject({ error: { code: 'COINFLOW_SESSION_REJECTED' } });
    expect(await authenticate(forged('bob'))).toMatchObject({ error: { code: 'COINFLOW_TOO_MANY_REQUESTS' } });
    const elsewhere = { ...forged('carol'), ip: '198.51.100.7' };
    expect(await authenticate(elsewhere)).toMatchObject({ error: { code: 'COINFLOW_SESSION_REJECTED' } });
  });

  it.each<[string, unknown]>([
    ['not an object', null],
    ['an unknown field', { maxAge: 0 }],
    ['a wrong maxAgeMs', { maxAgeMs: -1 }],
    ['a contradiction', { subject: 'user', blockchains: ['eth'] }],
    ['another instance', { instance: 'eu' }],
  ])('throws an error for an invalid policy (%s), and counts nothing', async (_, policy) => {
    const { service, coinflow } = await start();
    const decision = service.authenticateRequest(withKey(unseenKey(coinflow)), policy as CoinflowRoutePolicy);
    await expect(decision).rejects.toMatchObject({ code: 'COINFLOW_INVALID_ARGUMENT', argument: 'policy' });
    expect(decisions).toEqual([]);
  });

  it('throws unexpected errors unchanged, and counts nothing', async () => {
    const { service, authenticator } = await start();
    jest.spyOn(authenticator, 'authenticate').mockImplementation(() => {
      throw new RangeError('defect');
    });
    await expect(service.authenticateRequest(withKey('key'))).rejects.toThrow(RangeError);
    expect(decisions).toEqual([]);
  });
});
