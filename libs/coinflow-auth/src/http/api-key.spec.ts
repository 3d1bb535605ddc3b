import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { stopClock } from '../../../../test/harness/clock.js';
import { json, reset, startScriptedServer, type ScriptedServer } from '../../../../test/harness/scripted-server.js';
import { TestService } from '../../test-doubles/test-service.js';

type ApiKeyFunction = () => string | Promise<string>;

const CREATED = '{"key":"an-opaque-key"}';
const NEVER = (): Promise<string> => new Promise(() => undefined);
const TIMED_OUT = {
  code: 'COINFLOW_UNAVAILABLE',
  reason: 'api-key-function-timeout',
  message: 'The function of the option apiKey returned no key within 5000 ms',
  retryAfterMs: 5_000,
};

describe('the function of the option apiKey', () => {
  let coinflow: ScriptedServer;
  let service: TestService;
  let apiKey: jest.Mock<ApiKeyFunction>;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    jest.spyOn(Math, 'random').mockReturnValue(0);
    jest.spyOn(AbortSignal, 'timeout');
    coinflow = await startScriptedServer();
    coinflow.script(json(200, {}, CREATED));
    apiKey = jest.fn<ApiKeyFunction>(() => 'api-key');
    service = new TestService({
      env: 'local',
      baseUrl: coinflow.url,
      apiKey,
      merchantId: 'ours',
      http: { retries: 2 },
    });
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    jest.useRealTimers();
    await service.stop();
    coinflow.close();
  });

  const create = (userId = 'alice'): Promise<unknown> => service.createSessionKey({ userId });
  const apiKeyIsCalled = async (): Promise<void> => {
    while (apiKey.mock.calls.length === 0) await new Promise(setImmediate);
  };
  /** Lets the time of the call pass. Sockets and immediates go on. */
  const controlTime = (): { endCall(): Promise<void> } => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate', 'clearImmediate'] });
    return { endCall: () => jest.advanceTimersByTimeAsync(5_000) };
  };
  /** Node.js finds an unhandled rejection once all microtasks have run; Jest then fails the test. */
  const unhandledRejectionsAreFound = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('the apiKey function is abandoned at the time limit of the call, and called again by the next call for the same user', async () => {
    const time = controlTime();
    apiKey.mockImplementationOnce(NEVER);
    const [first, second] = [create(), create()];
    await apiKeyIsCalled();
    expect(apiKey).toHaveBeenCalledTimes(1);
    expect(AbortSignal.timeout).toHaveBeenCalledTimes(1);
    const results = Promise.allSettled([first, second]);
    await time.endCall();
    await results;
    await expect(first).rejects.toMatchObject(TIMED_OUT);
    await expect(second).rejects.toMatchObject(TIMED_OUT);
    await expect(first).rejects.toMatchObject({ action: expect.stringContaining('option apiKey') });
    expect(coinflow.requests).toEqual([]);
    jest.useRealTimers();
    await expect(create()).resolves.toMatchObject({ key: 'an-opaque-key' });
  });

  it('the apiKey function may reject after the time limit without an unhandled rejection', async () => {
    const time = controlTime();
    let fail: (error: Error) => void = () => undefined;
    apiKey.mockImplementationOnce(() => new Promise((_, reject) => (fail = reject)));
    const creating = create();
    await apiKeyIsCalled();
    const result = expect(creating).rejects.toMatchObject(TIMED_OUT);
    await time.endCall();
    await result;
    fail(new Error('canary'));
    await unhandledRejectionsAreFound();
  });

  it('the apiKey function shares one time limit with the attempts of the call', async () => {
    await create();
    expect(AbortSignal.timeout).toHaveBeenCalledTimes(1);
    expect(AbortSignal.timeout).toHaveBeenCalledWith(5_000);
  });

  it('the apiKey function is called once for a call and its retries', async () => {
    coinflow.script(reset, json(503), json(200, {}, CREATED));
    await create();
    expect(coinflow.requests.map(({ headers }) => headers.authorization)).toEqual(['api-key', 'api-key', 'api-key']);
    expect(apiKey).toHaveBeenCalledTimes(1);
  });

  it('the apiKey function is not called while the breaker is open', async () => {
    coinflow.script(json(503));
    await create().catch(() => undefined);
    await create().catch(() => undefined);
    apiKey.mockClear();
    await expect(create()).rejects.toMatchObject({ reason: 'breaker-open' });
    expect(apiKey).not.toHaveBeenCalled();
  });

  it('the apiKey function leads to no call when the breaker has opened meanwhile, and does not use the trial', async () => {
    const clock = stopClock();
    let resolveKey: (key: string) => void = () => undefined;
    apiKey.mockImplementationOnce(() => new Promise((resolve) => (resolveKey = resolve)));
    const waiting = create('bob');
    await apiKeyIsCalled();
    coinflow.script(json(503));
    await create().catch(() => undefined);
    await create().catch(() => undefined);
    expect(coinflow.requests).toHaveLength(5);
    clock.advance(1_000);
    resolveKey('api-key');
    await expect(waiting).rejects.toMatchObject({ reason: 'breaker-open', retryAfterMs: 4_000 });
    expect(coinflow.requests).toHaveLength(5);
  });

  it.each<[string, () => unknown]>([
    ['throws', () => Promise.reject(new Error('canary'))],
    ['returns a key that cannot be sent', () => ' canary'],
    ['returns nothing', () => undefined],
  ])('the apiKey function does not open the breaker of an endpoint when it %s', async (_, implementation) => {
    apiKey.mockImplementation(implementation as ApiKeyFunction);
    for (let i = 0; i < 6; i += 1) {
      await expect(create()).rejects.toHaveProperty('reason', expect.stringMatching(/^api-key-function-/));
    }
    expect(service.metrics().upstream.sessionKey).toMatchObject({ breaker: 'closed', attempts: 0 });
  });
});
