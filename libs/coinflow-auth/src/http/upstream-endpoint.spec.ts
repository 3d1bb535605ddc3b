import type { RequestListener } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { stopClock } from '../../../../test/harness/clock.js';
import { RecordingLogger } from '../../../../test/harness/recording-logger.js';
import {
  cutOff,
  hang,
  html,
  json,
  reset,
  startScriptedServer,
  type ScriptedServer,
} from '../../../../test/harness/scripted-server.js';
import type { CoinflowHttpOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { NoResponse } from './outcome.js';
import { TimeLimit } from './time-limit.js';
import { Transport } from './transport.js';
import { UpstreamClock } from './upstream-clock.js';
import { UpstreamEndpoint } from './upstream-endpoint.js';

const CALL = { headers: { authorization: 'canary' }, secrets: ['canary'] };
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

describe('UpstreamEndpoint', () => {
  let server: ScriptedServer;
  let logger: RecordingLogger;
  const transports: Transport[] = [];

  beforeEach(async () => {
    server = await startScriptedServer();
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    // The shortest waits that jitter can give: none.
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    for (const transport of transports.splice(0)) transport.close();
    server.close();
  });

  function endpoint(http: CoinflowHttpOptions = {}, clock = new UpstreamClock()): UpstreamEndpoint {
    const options = resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', baseUrl: server.url, http });
    const transport = new Transport(options);
    transports.push(transport);
    return new UpstreamEndpoint('verify', '/path', { transport, clock, options });
  }

  /** Lets the next call's time be over when the test says so. */
  function timeInHand(): { abort(): void; asked: unknown } {
    const controller = new AbortController();
    const asked = jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(controller.signal);
    return { abort: () => controller.abort(), asked };
  }

  /** Opens the breaker of a new endpoint. */
  async function brokenEndpoint(): Promise<UpstreamEndpoint> {
    const one = endpoint({ retries: 0 });
    server.script(json(503));
    for (let i = 0; i < 5; i += 1) await one.get(CALL);
    return one;
  }

  describe('repeats', () => {
    it.each<[string, RequestListener]>([
      ['a reset', reset],
      ['an answer that is cut off', cutOff],
      ['502', html(502)],
      ['503', json(503)],
      ['504', html(504)],
    ])('what failed to answer: %s', async (_, failure) => {
      server.script(failure, failure, json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
      expect(server.requests).toHaveLength(3);
    });

    it('with the same headers', async () => {
      server.script(reset, json(200));
      await endpoint().get(CALL);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['canary', 'canary']);
    });

    it.each([0, 1, 2, 4])('at most `retries` times: %d', async (retries) => {
      server.script(json(503));
      await expect(endpoint({ retries }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(retries + 1);
    });

    it.each([200, 204, 206, 302, 400, 401, 403, 404, 408, 409, 422, 425, 429, 451, 500, 501, 505, 520])(
      'no %d',
      async (status) => {
        server.script(json(status, { 'retry-after': '0' }, status === 204 ? '' : '{}'));
        await expect(endpoint().get(CALL)).resolves.toMatchObject({ status });
        expect(server.requests).toHaveLength(1);
      },
    );

    it.each<[string, RequestListener]>([
      ['503', json(503)],
      ['a reset', reset],
    ])('nothing that is good once: %s', async (_, failure) => {
      server.script(failure);
      await endpoint()
        .get({ ...CALL, isGoodOnce: true })
        .catch(() => undefined);
      expect(server.requests).toHaveLength(1);
    });

    it('and says in the end what the last attempt came to', async () => {
      server.script(json(503), reset);
      await expect(endpoint({ retries: 1 }).get(CALL)).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
        reason: 'connection',
        message: 'GET /path got no answer from Coinflow: ECONNRESET',
      });
    });

    it('and names the default URL of env local, where no emulator may be', async () => {
      const options = resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', http: { retries: 0 } });
      const transport = { get: () => Promise.resolve(new NoResponse('connection', 'ECONNREFUSED')) };
      const parts = { transport: transport as unknown as Transport, clock: new UpstreamClock(), options };
      await expect(new UpstreamEndpoint('verify', '/path', parts).get(CALL)).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
        message: expect.stringMatching(/ECONNREFUSED.*http:\/\/localhost:5000.*COINFLOW_BASE_URL/) as unknown,
        action: expect.stringContaining('COINFLOW_BASE_URL') as unknown,
      });
    });

    it('and lets no AxiosError out, which has the headers', async () => {
      server.script(reset);
      await expect(endpoint().get(CALL)).rejects.not.toHaveProperty('cause');
    });
  });

  describe('Retry-After', () => {
    let waits: jest.SpiedFunction<TimeLimit['wait']>;

    beforeEach(() => {
      waits = jest.spyOn(TimeLimit.prototype, 'wait').mockResolvedValue();
    });

    it.each<[string, () => string, number]>([
      ['in seconds', () => '3', 3_000],
      ['as a date', () => inSeconds(3), 3_000],
    ])('%s, within the time limit, is waited for', async (_, value, waitMs) => {
      const date = new Date().toUTCString();
      server.script(json(503, { date, 'retry-after': value() }), json(200));
      await expect(endpoint({ timeoutMs: 10_000 }).get(CALL)).resolves.toMatchObject({ status: 200 });
      const [[waited = 0] = []] = waits.mock.calls;
      expect(Math.abs(waited - waitMs)).toBeLessThanOrEqual(1_000);
      expect(waited).toBeGreaterThan(0);
    });

    it('is waited for with jitter on top, so that not all come back at once', async () => {
      jest.spyOn(Math, 'random').mockReturnValue(0.5);
      server.script(json(503, { 'retry-after': '1' }), json(503, { 'retry-after': '1' }), json(200));
      await endpoint().get(CALL);
      expect(waits.mock.calls).toEqual([[1_050], [1_100]]);
    });

    it.each<[string, () => string]>([
      ['in seconds', () => '6'],
      ['as a date', () => inSeconds(8)],
      ['of an eternity', () => '9'.repeat(400)],
    ])('%s, beyond the time limit, is not', async (_, value) => {
      server.script(json(503, { 'retry-after': value() }), json(200));
      await expect(endpoint({ timeoutMs: 5_000 }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(waits).not.toHaveBeenCalled();
      expect(server.requests).toHaveLength(1);
    });

    it.each(['soon', '', '-5', new Date(0).toUTCString()])('that says nothing (%j) changes nothing', async (value) => {
      server.script(json(503, { 'retry-after': value }), json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
    });

    it('as a date is by the clock of who sent it', async () => {
      // Its clock is an hour behind: by ours the date has long passed.
      const headers = { date: inSeconds(-3_600), 'retry-after': inSeconds(-3_600 + 30) };
      server.script(json(503, headers), json(200));
      const answer = await endpoint({ timeoutMs: 5_000 }).get(CALL);
      expect(answer).toMatchObject({ status: 503, retryAfterMs: 30_000 });
    });
  });

  describe('the time limit is around all of it', () => {
    const timedOut = (timeoutMs: number): object => ({
      code: 'COINFLOW_UNAVAILABLE',
      reason: 'timeout',
      message: `Coinflow did not answer GET /path within ${timeoutMs} ms`,
    });

    it('it is `timeoutMs`', async () => {
      server.script(hang);
      const startedAt = performance.now();
      await expect(endpoint({ timeoutMs: 50 }).get(CALL)).rejects.toMatchObject(timedOut(50));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    });

    it.each<[string, (timeIsOver: () => void) => RequestListener[]]>([
      ['no answer to a repeat', (timeIsOver) => [reset, timeIsOver]],
      [
        'an answer that drips',
        (timeIsOver) => [
          (_, response) => {
            response.writeHead(200).write('{');
            timeIsOver();
          },
        ],
      ],
    ])('%s', async (_, answers) => {
      const time = timeInHand();
      server.script(...answers(() => time.abort()));
      // So long that there is time for a repeat on a busy machine.
      await expect(endpoint({ timeoutMs: 10_000 }).get(CALL)).rejects.toMatchObject(timedOut(10_000));
      expect(time.asked).toHaveBeenCalledTimes(1);
    });

    it('time that attempts took is not there for waits', async () => {
      const clock = stopClock();
      const slow: RequestListener = (request, response) => {
        clock.advance(300);
        json(503, { 'retry-after': '1' })(request, response);
      };
      server.script(slow, json(200));
      await expect(endpoint({ timeoutMs: 1_250 }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(1);
    });

    it('a wait ends with it', async () => {
      const limit = new TimeLimit(10);
      const startedAt = performance.now();
      await limit.wait(60_000);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(limit.leftMs).toBe(0);
      await expect(limit.within(new Promise(() => undefined))).rejects.toThrow('The time is over');
    });
  });

  describe('the breaker', () => {
    it.each<[string, RequestListener]>([
      ['resets', reset],
      ['answers that are cut off', cutOff],
      ...[502, 503, 504, 505, 511, 520, 522].map((status): [string, RequestListener] => [
        `${status} without a body`,
        json(status, {}, ''),
      ]),
      ...[200, 301, 302, 500, 501, 502, 503, 504, 520, 522, 530].map((status): [string, RequestListener] => [
        `${status} in HTML`,
        html(status),
      ]),
      ['a redirect without a body', json(307, { location: '/login' }, '')],
    ])('opens after five failures of the endpoint: %s', async (_, failure) => {
      const one = endpoint({ retries: 0 });
      server.script(failure);
      for (let i = 0; i < 5; i += 1) await one.get(CALL).catch(() => undefined);
      await expect(one.get(CALL)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'breaker-open' });
      expect(server.requests).toHaveLength(5);
    });

    it('opens after five time outs', async () => {
      const one = endpoint({ timeoutMs: 10 });
      server.script(hang);
      for (let i = 0; i < 5; i += 1) await expect(one.get(CALL)).rejects.toMatchObject({ reason: 'timeout' });
      await expect(one.get(CALL)).rejects.toMatchObject({ reason: 'breaker-open' });
    });

    it.each([
      ['400', json(400)],
      ['401', json(401)],
      ['401 without a body', json(401, {}, '')],
      ['404', json(404)],
      ['422', json(422)],
      ['429', json(429)],
      // A gateway's answers about the one request: a firewall, a header that is too large, a wrong path.
      ...[400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 415, 421, 425, 429, 431, 451, 499].map(
        (status): [string, RequestListener] => [`${status} in HTML`, html(status)],
      ),
      ['501 of Coinflow', json(501)],
      ['a 500 of Coinflow’s own', json(500)],
      ['a 500 without a body', json(500, {}, '')],
    ])('does not open for %s', async (_, answer) => {
      const one = endpoint();
      server.script(answer);
      for (let i = 0; i < 8; i += 1) await one.get(CALL);
      expect(server.requests).toHaveLength(8);
      expect(one.metrics.breaker).toBe('closed');
    });

    it('counts failures in a row only', async () => {
      const one = endpoint({ retries: 0 });
      server.script(json(503), json(503), json(503), json(503), json(401), json(503));
      for (let i = 0; i < 9; i += 1) await one.get(CALL);
      expect(one.metrics.breaker).toBe('closed');
    });

    it('counts attempts, and ends repeats that it would refuse', async () => {
      const one = endpoint({ retries: 2 });
      server.script(json(503));
      await one.get(CALL);
      // What came is said, not that a repeat was refused.
      await expect(one.get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(5);
      expect(one.metrics).toMatchObject({ breaker: 'open', refusedByBreaker: 0 });
    });

    it('makes no repeat when it has opened during the wait', async () => {
      const one = endpoint({ retries: 1 });
      server.script(json(503));
      let endWait = (): void => undefined;
      const isWaiting = new Promise<void>((resolve) => {
        jest.spyOn(TimeLimit.prototype, 'wait').mockImplementationOnce(() => {
          resolve();
          return new Promise((end) => (endWait = end));
        });
      });
      const waiting = one.get(CALL);
      await isWaiting;
      for (let i = 0; i < 4; i += 1) await one.get({ ...CALL, isGoodOnce: true });
      expect(one.metrics.breaker).toBe('open');
      endWait();
      await expect(waiting).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(5);
    });

    it('says when it is worth coming back, at least in a second', async () => {
      const clock = stopClock();
      const one = await brokenEndpoint();
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 5_000 });
      clock.advance(3_000);
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 2_000 });
      clock.advance(1_999);
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 1_000 });
      expect(server.requests).toHaveLength(5);
    });

    it('lets one attempt probe, and all through once it succeeded', async () => {
      const clock = stopClock();
      const one = await brokenEndpoint();
      clock.advance(5_000);
      server.script(json(401));
      const all = await Promise.allSettled([one.get(CALL), one.get(CALL), one.get(CALL)]);
      expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect(server.requests).toHaveLength(6);
      await Promise.all([one.get(CALL), one.get(CALL)]);
      expect(server.requests).toHaveLength(8);
    });

    it('is not stuck when its probe times out', async () => {
      const clock = stopClock();
      const one = await brokenEndpoint();
      clock.advance(5_000);
      const time = timeInHand();
      server.script(() => time.abort(), json(200));
      const probe = one.get(CALL);
      expect(one.metrics.breaker).toBe('half-open');
      await expect(probe).rejects.toMatchObject({ reason: 'timeout' });
      expect(one.metrics.breaker).toBe('open');
      clock.advance(5_000);
      await expect(one.get(CALL)).resolves.toMatchObject({ status: 200 });
    });

    it('is each endpoint’s own', async () => {
      await brokenEndpoint();
      server.script(json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
    });
  });

  it('counts what its calls come to', async () => {
    const one = endpoint({ retries: 1 });
    server.script(reset, json(200), json(429), json(401), json(503));
    for (let i = 0; i < 3; i += 1) await one.get(CALL);
    for (let i = 0; i < 3; i += 1) await one.get(CALL);
    await expect(one.get(CALL)).rejects.toMatchObject({ reason: 'breaker-open' });
    expect(one.metrics).toEqual({
      attempts: 9,
      retries: 3,
      answered: 8,
      unanswered: 1,
      rateLimited: 1,
      refusedByBreaker: 1,
      durationMs: { total: expect.any(Number), max: expect.any(Number) },
      breaker: 'open',
    });
    expect(Object.isFrozen(one.metrics) && Object.isFrozen(one.metrics.durationMs)).toBe(true);
  });

  it('measures attempts, not the waits between them', async () => {
    const clock = stopClock();
    const taking =
      (ms: number, answer: RequestListener): RequestListener =>
      (request, response) => {
        clock.advance(ms);
        answer(request, response);
      };
    jest.spyOn(TimeLimit.prototype, 'wait').mockImplementation(() => {
      clock.advance(1_000);
      return Promise.resolve();
    });
    const one = endpoint();
    server.script(taking(30, json(503)), taking(50, json(503)), taking(20, json(200)));
    await one.get(CALL);
    expect(one.metrics.durationMs).toEqual({ total: 100, max: 50 });
  });

  describe('its answers set the clock', () => {
    const HOUR_MS = 3_600_000;
    const hourAhead = { date: inSeconds(3_600) };

    it.each<[string, RequestListener]>([
      ['JSON', json(200, hourAhead)],
      ['a no', json(401, hourAhead)],
    ])('of Coinflow’s own voice: %s', async (_, answer) => {
      const clock = new UpstreamClock();
      server.script(answer);
      await endpoint({}, clock).get(CALL);
      expect(Math.abs((clock.skewMs ?? 0) - HOUR_MS)).toBeLessThan(10_000);
    });

    it.each<[string, RequestListener]>([
      ['in another voice', (_, response) => response.writeHead(200, hourAhead).end('<h1>gateway</h1>')],
      ['that a cache has kept', json(200, { ...hourAhead, age: '5' })],
    ])('and no answer %s', async (_, answer) => {
      const clock = new UpstreamClock();
      server.script(answer);
      await endpoint({}, clock).get(CALL);
      expect(clock.skewMs).toBeUndefined();
    });
  });
});
