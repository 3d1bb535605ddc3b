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
import { CoinflowClock } from './clock-skew.js';
import { CoinflowEndpoint, type EndpointParts } from './endpoint.js';
import { authTelemetry } from './telemetry.js';
import { TimeLimit } from './time-limit.js';
import { NoResponse } from './response.js';
import { Transport } from './transport.js';

const CALL = { headers: { authorization: 'canary' }, secrets: () => ['canary'] };
const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

function newEndpoint(parts: EndpointParts): CoinflowEndpoint {
  const telemetry = authTelemetry('verify', '/path', parts.options.baseUrl);
  return new CoinflowEndpoint({ method: 'GET', path: '/path' }, telemetry, parts);
}

describe('CoinflowEndpoint', () => {
  let server: ScriptedServer;
  let logger: RecordingLogger;
  const transports: Transport[] = [];

  beforeEach(async () => {
    server = await startScriptedServer();
    logger = new RecordingLogger();
    Logger.overrideLogger(logger);
    // Without jitter, so that retries do not wait.
    jest.spyOn(Math, 'random').mockReturnValue(0);
  });

  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
    for (const transport of transports.splice(0)) transport.close();
    server.close();
  });

  function endpoint(http: CoinflowHttpOptions = {}, clock = new CoinflowClock()): CoinflowEndpoint {
    const options = resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', baseUrl: server.url, http });
    const transport = new Transport(options);
    transports.push(transport);
    return newEndpoint({ transport, clock, options });
  }

  /** Ends the time limit of the next call when the test calls `abort()`. */
  function controlTimeLimit(): { abort(): void; timeout: unknown } {
    const controller = new AbortController();
    const timeout = jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(controller.signal);
    return { abort: () => controller.abort(), timeout };
  }

  /** A new endpoint whose breaker is open. */
  async function brokenEndpoint(): Promise<CoinflowEndpoint> {
    const one = endpoint({ retries: 0 });
    server.script(json(503));
    for (let i = 0; i < 5; i += 1) await one.get(CALL);
    return one;
  }

  describe('retries', () => {
    it.each<[string, RequestListener]>([
      ['a reset', reset],
      ['a response that is cut off', cutOff],
      ['502', html(502)],
      ['503', json(503)],
      ['504', html(504)],
    ])('retries a call after %s', async (_, failure) => {
      server.script(failure, failure, json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
      expect(server.requests).toHaveLength(3);
    });

    it('sends the same headers with a retry', async () => {
      server.script(reset, json(200));
      await endpoint().get(CALL);
      expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['canary', 'canary']);
    });

    it.each([0, 1, 2, 4])('makes at most `retries` retries: %d', async (retries) => {
      server.script(json(503));
      await expect(endpoint({ retries }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(retries + 1);
    });

    it.each([200, 204, 206, 302, 400, 401, 403, 404, 408, 409, 422, 425, 429, 451, 500, 501, 505, 520])(
      'does not retry a call after the status %d',
      async (status) => {
        server.script(json(status, { 'retry-after': '0' }, status === 204 ? '' : '{}'));
        await expect(endpoint().get(CALL)).resolves.toMatchObject({ status });
        expect(server.requests).toHaveLength(1);
      },
    );

    it.each<[string, RequestListener]>([
      ['503', json(503)],
      ['a reset', reset],
    ])('does not retry a single-use call after %s', async (_, failure) => {
      server.script(failure);
      await endpoint()
        .get({ ...CALL, isSingleUse: true })
        .catch(() => undefined);
      expect(server.requests).toHaveLength(1);
    });

    it('throws the error of the last attempt', async () => {
      server.script(json(503), reset);
      await expect(endpoint({ retries: 1 }).get(CALL)).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
        reason: 'connection',
        message: 'GET /path got no response from Coinflow: ECONNRESET',
      });
    });

    it('names the default URL of env local in the error, since no emulator may run there', async () => {
      const options = resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', http: { retries: 0 } });
      const transport = { send: () => Promise.resolve(new NoResponse('connection', 'ECONNREFUSED')) };
      const parts = { transport, clock: new CoinflowClock(), options };
      await expect(newEndpoint(parts).get(CALL)).rejects.toMatchObject({
        code: 'COINFLOW_UNAVAILABLE',
        message: expect.stringMatching(/ECONNREFUSED.*http:\/\/localhost:5000.*COINFLOW_BASE_URL/) as unknown,
        action: expect.stringContaining('COINFLOW_BASE_URL') as unknown,
      });
    });

    it('throws no AxiosError, which would contain the headers', async () => {
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
    ])('waits for a Retry-After %s that is within the time limit', async (_, value, waitMs) => {
      const date = new Date().toUTCString();
      server.script(json(503, { date, 'retry-after': value() }), json(200));
      await expect(endpoint({ timeoutMs: 10_000 }).get(CALL)).resolves.toMatchObject({ status: 200 });
      const [[waited = 0] = []] = waits.mock.calls;
      expect(Math.abs(waited - waitMs)).toBeLessThanOrEqual(1_000);
      expect(waited).toBeGreaterThan(0);
    });

    it('adds jitter to the wait of Retry-After', async () => {
      jest.spyOn(Math, 'random').mockReturnValue(0.5);
      server.script(json(503, { 'retry-after': '1' }), json(503, { 'retry-after': '1' }), json(200));
      await endpoint().get(CALL);
      expect(waits.mock.calls).toEqual([[1_050], [1_100]]);
    });

    it.each<[string, () => string]>([
      ['in seconds', () => '6'],
      ['as a date', () => inSeconds(8)],
      ['of centuries', () => '9'.repeat(400)],
    ])('does not wait for a Retry-After %s that is beyond the time limit', async (_, value) => {
      server.script(json(503, { 'retry-after': value() }), json(200));
      await expect(endpoint({ timeoutMs: 5_000 }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(waits).not.toHaveBeenCalled();
      expect(server.requests).toHaveLength(1);
    });

    it.each(['soon', '', '-5', new Date(0).toUTCString()])('ignores the Retry-After %j', async (value) => {
      server.script(json(503, { 'retry-after': value }), json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
    });

    it('compares a date in Retry-After with the clock of its sender', async () => {
      // The sender's clock is an hour behind: by our clock the date has passed.
      const headers = { date: inSeconds(-3_600), 'retry-after': inSeconds(-3_600 + 30) };
      server.script(json(503, headers), json(200));
      const answer = await endpoint({ timeoutMs: 5_000 }).get(CALL);
      expect(answer).toMatchObject({ status: 503, retryAfterMs: 30_000 });
    });
  });

  describe('the time limit of a call', () => {
    const timedOut = (timeoutMs: number): object => ({
      code: 'COINFLOW_UNAVAILABLE',
      reason: 'timeout',
      message: `Coinflow did not respond to GET /path within ${timeoutMs} ms`,
    });

    it('ends a call after `timeoutMs`', async () => {
      server.script(hang);
      const startedAt = performance.now();
      await expect(endpoint({ timeoutMs: 50 }).get(CALL)).rejects.toMatchObject(timedOut(50));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(49);
    });

    it.each<[string, (timeIsOver: () => void) => RequestListener[]]>([
      ['a retry without a response', (timeIsOver) => [reset, timeIsOver]],
      [
        'a response that is sent byte by byte',
        (timeIsOver) => [
          (_, response) => {
            response.writeHead(200).write('{');
            timeIsOver();
          },
        ],
      ],
    ])('ends %s at the time limit of the call', async (_, answers) => {
      const time = controlTimeLimit();
      server.script(...answers(() => time.abort()));
      // Long enough for a retry on a busy machine.
      await expect(endpoint({ timeoutMs: 10_000 }).get(CALL)).rejects.toMatchObject(timedOut(10_000));
      expect(time.timeout).toHaveBeenCalledTimes(1);
    });

    it('counts the time of earlier attempts when a retry would have to wait', async () => {
      const clock = stopClock();
      const slow: RequestListener = (request, response) => {
        clock.advance(300);
        json(503, { 'retry-after': '1' })(request, response);
      };
      server.script(slow, json(200));
      await expect(endpoint({ timeoutMs: 1_250 }).get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(1);
    });

    it('ends a wait at the time limit of the call', async () => {
      const limit = new TimeLimit(10);
      const startedAt = performance.now();
      await limit.wait(60_000);
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(limit.leftMs).toBe(0);
    });
  });

  describe('the breaker', () => {
    it.each<[string, RequestListener]>([
      ['resets', reset],
      ['responses that are cut off', cutOff],
      ...[502, 503, 504, 505, 511, 520, 522].map((status): [string, RequestListener] => [
        `${status} without a body`,
        json(status, {}, ''),
      ]),
      ...[200, 301, 302, 500, 501, 502, 503, 504, 520, 522, 530].map((status): [string, RequestListener] => [
        `${status} in HTML`,
        html(status),
      ]),
      ['a redirect without a body', json(307, { location: '/login' }, '')],
    ])('the breaker opens after five times %s', async (_, failure) => {
      const one = endpoint({ retries: 0 });
      server.script(failure);
      for (let i = 0; i < 5; i += 1) await one.get(CALL).catch(() => undefined);
      await expect(one.get(CALL)).rejects.toMatchObject({ code: 'COINFLOW_UNAVAILABLE', reason: 'breaker-open' });
      expect(server.requests).toHaveLength(5);
    });

    it('the breaker opens after five timeouts', async () => {
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
      // A gateway's responses to this one request: a firewall, a header that is too large, a wrong path.
      ...[400, 401, 403, 404, 405, 407, 408, 410, 413, 414, 415, 421, 425, 429, 431, 451, 499].map(
        (status): [string, RequestListener] => [`${status} in HTML`, html(status)],
      ),
      ['a 501 from Coinflow', json(501)],
      ['a 500 from Coinflow', json(500)],
      ['a 500 without a body', json(500, {}, '')],
    ])('the breaker stays closed after %s', async (_, answer) => {
      const one = endpoint();
      server.script(answer);
      for (let i = 0; i < 8; i += 1) await one.get(CALL);
      expect(server.requests).toHaveLength(8);
      expect(one.metrics.breaker).toBe('closed');
    });

    it('the breaker opens only after failures in a row', async () => {
      const one = endpoint({ retries: 0 });
      server.script(json(503), json(503), json(503), json(503), json(401), json(503));
      for (let i = 0; i < 9; i += 1) await one.get(CALL);
      expect(one.metrics.breaker).toBe('closed');
    });

    it('the breaker counts attempts, and ends the retries when it opens', async () => {
      const one = endpoint({ retries: 2 });
      server.script(json(503));
      await one.get(CALL);
      // The caller gets the response, not the refusal of a retry.
      await expect(one.get(CALL)).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(5);
      expect(one.metrics).toMatchObject({ breaker: 'open', refusedByBreaker: 0 });
    });

    it('the breaker prevents a retry when it has opened during the wait', async () => {
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
      for (let i = 0; i < 4; i += 1) await one.get({ ...CALL, isSingleUse: true });
      expect(one.metrics.breaker).toBe('open');
      endWait();
      await expect(waiting).resolves.toMatchObject({ status: 503 });
      expect(server.requests).toHaveLength(5);
    });

    it('the breaker tells when to retry, in a second at least', async () => {
      const clock = stopClock();
      const one = await brokenEndpoint();
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 5_000 });
      clock.advance(3_000);
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 2_000 });
      clock.advance(1_999);
      await expect(one.get(CALL)).rejects.toMatchObject({ retryAfterMs: 1_000 });
      expect(server.requests).toHaveLength(5);
    });

    it('the breaker allows one trial, and all calls once the trial has succeeded', async () => {
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

    it('the breaker allows another trial after a trial that timed out', async () => {
      const clock = stopClock();
      const one = await brokenEndpoint();
      clock.advance(5_000);
      const time = controlTimeLimit();
      server.script(() => time.abort(), json(200));
      const trial = one.get(CALL);
      expect(one.metrics.breaker).toBe('half-open');
      await expect(trial).rejects.toMatchObject({ reason: 'timeout' });
      expect(one.metrics.breaker).toBe('open');
      clock.advance(5_000);
      await expect(one.get(CALL)).resolves.toMatchObject({ status: 200 });
    });

    it('the breaker of one endpoint does not stop another endpoint', async () => {
      await brokenEndpoint();
      server.script(json(200));
      await expect(endpoint().get(CALL)).resolves.toMatchObject({ status: 200 });
    });
  });

  it('counts its calls by their outcome', async () => {
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

  it('measures attempts without the waits between them', async () => {
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

  describe('the Date of its responses', () => {
    const HOUR_MS = 3_600_000;
    const hourAhead = (): { date: string } => ({ date: inSeconds(3_600) });

    it.each<[string, () => RequestListener]>([
      ['JSON', () => json(200, hourAhead())],
      ['a rejection', () => json(401, hourAhead())],
    ])('sets the clock by the Date of a response that Coinflow sent: %s', async (_, response) => {
      const clock = new CoinflowClock();
      server.script(response());
      await endpoint({}, clock).get(CALL);
      expect(Math.abs((clock.skewMs ?? 0) - HOUR_MS)).toBeLessThan(10_000);
    });

    it.each<[string, RequestListener]>([
      ['that a gateway sent', (_, response) => response.writeHead(200, hourAhead()).end('<h1>gateway</h1>')],
      ['from an HTTP cache', json(200, { ...hourAhead(), age: '5' })],
    ])('does not set the clock by the Date of a response %s', async (_, answer) => {
      const clock = new CoinflowClock();
      server.script(answer);
      await endpoint({}, clock).get(CALL);
      expect(clock.skewMs).toBeUndefined();
    });
  });
});
