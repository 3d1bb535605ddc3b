import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent as HttpsAgent, createServer as createHttpsServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Post } from '@nestjs/common';
import { CoinflowApi, CoinflowOutcomeUnknownError, CoinflowUnavailableError } from 'nestjs-coinflow-auth';
import { createTestSession } from 'nestjs-coinflow-auth/testing';
import type { EmulatorFault } from 'coinflow-emulator';
import fc from 'fast-check';
import { CARD, CHECKOUT, createApiApp, type ApiApp } from './harness/api-app.js';
import { PLATFORMS } from './harness/create-test-app.js';
import { hasOpenssl } from './harness/redis-server.js';
import {
  cutOff,
  hang,
  html,
  json,
  reset,
  startScriptedServer,
  type ScriptedServer,
} from './harness/scripted-server.js';
import { until } from './harness/until.js';

const PAYOUT = 'POST /merchant/withdraws/payout';
const LINK = 'POST /checkout/link';
const USER = { userId: 'alice' };
const UNKNOWN = { code: 'COINFLOW_OUTCOME_UNKNOWN' };
const UNAVAILABLE = { code: 'COINFLOW_UNAVAILABLE' };

const raw =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

/** What can go wrong after the first byte of a request. */
const LATE: [string, RequestListener, string][] = [
  ['a reset before the response', reset, 'connection'],
  ['a close before the response', (request) => request.socket.destroy(), 'connection'],
  [
    'a reset within the body of the request',
    (request) => request.once('data', () => request.socket.resetAndDestroy()),
    'connection',
  ],
  ['a close within the status line', (request) => request.socket.end('HTTP/1.1 2'), 'connection'],
  ['a close within the headers', (request) => request.socket.end('HTTP/1.1 200 OK\r\ncontent-le'), 'connection'],
  ['a close within the body of the response', cutOff, 'connection'],
  ['a response that is not HTTP', (request) => request.socket.end('hello\r\n\r\n'), 'connection'],
  ['no response', hang, 'timeout'],
  ['a response that does not end', (_, response) => response.writeHead(200).write('{'), 'timeout'],
  ['a 500', json(500), 'status-500'],
  ['a 501', json(501), 'status-501'],
  ['a 502', json(502), 'status-502'],
  ['a 503', json(503, { 'retry-after': '1' }), 'status-503'],
  ['a 504', json(504), 'status-504'],
  ['a 599', json(599), 'status-599'],
  ["a gateway's 502", html(502), 'not-coinflow'],
  ['a 408', json(408), 'status-408'],
  ['a 200 of a gateway', html(200), 'not-coinflow'],
  ['a 200 with half of its JSON', raw(200, '{"paymentId":'), 'not-coinflow'],
  ['a 201 that is no JSON', raw(201, 'done'), 'not-coinflow'],
  ['a redirect to itself', raw(307, '', { location: '/api/merchant/withdraws/payout' }), 'status-307'],
  ['a redirect of a login page', raw(302, '<h1>login</h1>', { location: 'https://example.com' }), 'status-302'],
  ['a response of more than 10 MB', raw(200, JSON.stringify('x'.repeat(11 * 1_024 * 1_024))), 'connection'],
];

describe('the outcome of a call of CoinflowApi', () => {
  let server: ScriptedServer;
  let app: ApiApp;

  beforeEach(async () => {
    server = await startScriptedServer();
    app = await createApiApp({ options: { baseUrl: server.url, http: { retries: 2 }, api: { timeoutMs: 2_000 } } });
  });
  afterEach(async () => {
    await app.close();
    server.close();
  });

  const pay = (options: object = {}): Promise<unknown> =>
    app.failure(PAYOUT, { auth: 'merchant', body: { amount: 5 }, timeoutMs: 400, ...options });

  it.each(LATE)('is unknown after %s, and the call is sent once', async (_, answer, reason) => {
    server.script(answer);
    const error = await pay();
    expect(error).toBeInstanceOf(CoinflowOutcomeUnknownError);
    expect(error).toMatchObject({ reason, operation: PAYOUT });
    expect(error).not.toHaveProperty('retryAfterMs');
    expect((error as CoinflowOutcomeUnknownError).action).toContain('Look the payment up');
    expect(server.requests).toHaveLength(1);
    expect(app.logger.at('error').filter((line) => line.includes('COINFLOW_OUTCOME_UNKNOWN'))).toHaveLength(1);
  });

  it.each(LATE)('is an outage for GET after %s', async (_, answer) => {
    server.script(answer);
    const error = await app.failure('GET /merchant', { auth: 'merchant', timeoutMs: 400 });
    expect(error).toBeInstanceOf(CoinflowUnavailableError);
  });

  it.each(['PUT /merchant', 'PATCH /a/b', 'DELETE /withdraw/card/{token}', LINK, 'POST /merchant/unknown'])(
    'is unknown for %s after a reset: it is not sent again',
    async (operation) => {
      server.script(reset);
      expect(await app.failure(operation, { auth: USER, body: {} })).toMatchObject(UNKNOWN);
      expect(server.requests).toHaveLength(1);
    },
  );

  describe('of an operation that can be repeated', () => {
    const IDEMPOTENT: [string, unknown][] = [
      ['POST /checkout/jwt-token', 'merchant'],
      [LINK, USER],
      [`POST /merchant/credits/${'m'}int`, 'merchant'],
      ['POST /merchant/withdraws/payout/delegated', 'merchant'],
    ];

    it.each([...IDEMPOTENT, ['GET /merchant', 'merchant'] as const])(
      'is a success of a later attempt: %s',
      async (operation, auth) => {
        for (const answer of [reset, cutOff, json(503), html(502)]) {
          const before = server.requests.length;
          server.script(answer, json(200, {}, '{"done":true}'));
          const body = operation.startsWith('GET') ? {} : { body: { idempotencyKey: 'once' } };
          expect(await app.call(operation, { auth, ...body })).toEqual({ done: true });
          expect(server.requests.length - before).toBe(2);
        }
      },
    );

    class Dto {
      get idempotencyKey(): string {
        return 'on the prototype, which JSON does not contain';
      }
    }
    it.each<[string, unknown]>([
      ['no body', undefined],
      ['a body without the key', {}],
      ['an empty key', { idempotencyKey: '' }],
      ['a number as the key', { idempotencyKey: 5 }],
      ['an undefined key', { idempotencyKey: undefined }],
      ['a key deeper in the body', { nested: { idempotencyKey: 'a' } }],
      ['a key in a list', [{ idempotencyKey: 'a' }]],
      ['a text', 'idempotencyKey'],
      ['a key that is inherited', new Dto()],
      ['a key that toJSON() drops', { idempotencyKey: 'a', toJSON: () => ({ amount: 5 }) }],
    ])('is unknown with %s: it is sent once', async (_, body) => {
      server.script(reset);
      for (const [operation, auth] of IDEMPOTENT) {
        expect(await app.failure(operation, { auth, body })).toMatchObject(UNKNOWN);
      }
      expect(server.requests).toHaveLength(IDEMPOTENT.length);
    });

    it('is unknown for another operation, whatever its body has', async () => {
      server.script(reset);
      expect(await pay({ body: { idempotencyKey: 'a' } })).toMatchObject(UNKNOWN);
      expect(server.requests).toHaveLength(1);
    });
  });

  it('is an outage when nothing was sent: the connection is refused', async () => {
    server.close();
    const error = await pay();
    expect(error).toMatchObject({ ...UNAVAILABLE, reason: 'connection' });
    expect(error).toHaveProperty('retryAfterMs');
  });

  it('is an outage while the breaker of the operation is open, which stops no other operation', async () => {
    server.script(json(503));
    for (let time = 0; time < 5; time += 1) expect(await pay()).toMatchObject(UNKNOWN);
    expect(await pay()).toMatchObject({ ...UNAVAILABLE, reason: 'breaker-open' });
    expect(server.requests).toHaveLength(5);
    server.script(json(200));
    expect(await app.call('GET /merchant', { auth: 'merchant' })).toEqual({});
    expect(app.api.metrics()[PAYOUT]).toMatchObject({ attempts: 5, refusedByBreaker: 1, breaker: 'open' });
    // The endpoints of the guard have breakers of their own.
    expect(
      await app.service
        .getMessage({ wallet: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed', blockchain: 'eth' })
        .catch((error: unknown) => error),
    ).not.toMatchObject({ reason: 'breaker-open' });
  });

  it('is an outage when the response of a firewall says that Coinflow did not get the call', async () => {
    server.script(html(403));
    expect(await pay()).toMatchObject({ ...UNAVAILABLE, reason: 'not-coinflow' });
  });

  it.each([
    [400, 'request-rejected'],
    [402, 'request-rejected'],
    [404, 'request-rejected'],
    [412, 'request-rejected'],
    [418, 'request-rejected'],
    [401, 'credentials-rejected'],
  ])('is an error of the application for an undocumented %d', async (status, reason) => {
    server.script(json(status, {}, '{"debugId":"id-1","a":[1]}'));
    expect(await pay()).toMatchObject({
      code: 'COINFLOW_API_ERROR',
      status,
      reason,
      debugId: 'id-1',
      data: { debugId: 'id-1', a: [1] },
    });
  });

  it('is undefined for an empty success, and the JSON of any other', async () => {
    server.script(raw(204, ''), raw(200, ''), json(202, {}, '[1]'), json(200, {}, 'null'));
    const call = (): Promise<unknown> => app.call(PAYOUT, { auth: 'merchant' });
    expect([await call(), await call(), await call(), await call()]).toEqual([undefined, undefined, [1], null]);
  });

  describe('that the caller aborts', () => {
    it('is the reason of the signal before the call is sent', async () => {
      const reason = new Error('The client has gone');
      expect(await pay({ signal: AbortSignal.abort(reason), auth: 'none' })).toBe(reason);
      expect(server.requests).toHaveLength(0);
      // It took no call of the budget either.
      expect(app.service.metrics().budget.used.apiCalls).toBe(0);
    });

    it('is unknown after the call was sent, and the reason of the signal for GET', async () => {
      const reason = new Error('The client has gone');
      for (const operation of [PAYOUT, 'GET /merchant']) {
        const caller = new AbortController();
        server.script(() => caller.abort(reason));
        const error = await app.failure(operation, { auth: 'merchant', signal: caller.signal });
        if (operation === PAYOUT) expect(error).toMatchObject({ ...UNKNOWN, reason: 'aborted' });
        else expect(error).toBe(reason);
      }
    });

    it('does not open the breaker', async () => {
      for (let time = 0; time < 7; time += 1) {
        const caller = new AbortController();
        server.script(() => caller.abort());
        await pay({ signal: caller.signal });
      }
      expect(app.api.metrics()[PAYOUT]).toMatchObject({ attempts: 7, breaker: 'closed' });
    });
  });

  it('is that of a slow response within the time limit of the call, longer than an idle connection lives', async () => {
    server.script((_, response) => setTimeout(() => response.writeHead(200).end('{"slow":true}'), 4_500));
    expect(await app.call(PAYOUT, { auth: 'merchant', timeoutMs: 20_000 })).toEqual({ slow: true });
  });

  it('comes over one connection for consecutive calls, and over a new one after four idle seconds', async () => {
    for (let time = 0; time < 3; time += 1) await app.call(PAYOUT, { auth: 'merchant' });
    const sockets = server.requests.map(({ socket }) => socket);
    expect(new Set(sockets).size).toBe(1);
    await until(() => sockets[0]?.destroyed === true);
    expect(await app.call(PAYOUT, { auth: 'merchant' })).toEqual({});
    expect(server.requests.at(-1)?.socket).not.toBe(sockets[0]);
  });

  it('is unknown when a server closes the kept connection at the moment of the next request', async () => {
    server.script(json(200), reset);
    await app.call(PAYOUT, { auth: 'merchant' });
    expect(await pay()).toMatchObject({ ...UNKNOWN, reason: 'connection' });
    expect(server.requests).toHaveLength(2);
  });
});

describe('the outcome of a call whose connection breaks at any byte of the request', () => {
  let server: Server;
  let url: string;
  let connections: number;
  let onSocket: (socket: Socket) => void;
  let app: ApiApp;

  beforeAll(async () => {
    server = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  beforeEach(async () => {
    connections = 0;
    app = await createApiApp({ options: { baseUrl: url } });
  });
  afterEach(() => app.close());
  afterAll(() => void server.close());

  it.each([1, 100, 400, 100_000])('is unknown after %d bytes, over one connection', async (bytes) => {
    onSocket = (socket) => {
      let read = 0;
      socket.on('data', (chunk) => {
        read += chunk.length;
        if (read >= bytes) socket.resetAndDestroy();
      });
    };
    const error = await app.failure(PAYOUT, { auth: 'merchant', body: { text: 'x'.repeat(200_000) } });
    expect(error).toMatchObject(UNKNOWN);
    expect(connections).toBe(1);
  });

  it('is unknown when the server closes the connection as soon as it is established', async () => {
    onSocket = (socket) => socket.destroy();
    expect(await app.failure(PAYOUT, { auth: 'merchant', body: {} })).toMatchObject(UNKNOWN);
    expect(connections).toBe(1);
  });
});

@Controller()
class ShopController {
  constructor(private readonly api: CoinflowApi) {}

  @Post('pay')
  pay(): Promise<unknown> {
    const auth = createTestSession({ userId: 'alice', merchantId: 'demo-merchant' });
    return this.api.post('/checkout/card/{merchantId}', { auth, body: CHECKOUT, timeoutMs: 300 });
  }
}

describe.each(PLATFORMS)('the client of an application on %s', (platform) => {
  let server: ScriptedServer;
  let app: ApiApp;

  beforeEach(async () => {
    server = await startScriptedServer();
    app = await createApiApp({ platform, controllers: [ShopController], options: { baseUrl: server.url } });
  });
  afterEach(async () => {
    await app.close();
    server.close();
  });

  it('gets 502 without Retry-After for an unknown outcome, and 503 with it when nothing was sent', async () => {
    for (const answer of [reset, json(503, { 'retry-after': '9' }), html(200), hang]) {
      server.script(answer);
      const { status, headers, body } = await app.send('/pay', { method: 'POST' });
      expect([status, headers['retry-after']]).toEqual([502, undefined]);
      expect(body).toMatchObject({ code: 'COINFLOW_OUTCOME_UNKNOWN', statusCode: 502 });
    }
    server.close();
    const { status, headers, body } = await app.send('/pay', { method: 'POST' });
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
    expect(body).toMatchObject({ code: 'COINFLOW_UNAVAILABLE' });
  });
});

describe('a charge', () => {
  let app: ApiApp;

  beforeAll(async () => {
    app = await createApiApp();
  });
  afterEach(() => app.coinflow.heal());
  afterAll(() => app.close());

  it('that is declined, or needs a challenge, is none, and the error has what Coinflow said', async () => {
    const session = await app.session('carol');
    const declined = { ...CHECKOUT, card: { ...CHECKOUT.card, zip: '99999' } };
    expect(await app.failure(CARD, { auth: session, body: declined })).toMatchObject({
      reason: 'payment-declined',
      data: { code: '05', paymentId: expect.any(String) as unknown },
    });
    const card = { ...CHECKOUT.card, cardToken: '400002DEMO0000', expMonth: '08', expYear: '27' };
    expect(await app.failure(CARD, { auth: session, body: { ...CHECKOUT, card } })).toMatchObject({
      reason: 'challenge-required',
      data: { transactionId: expect.any(String) as unknown, url: expect.any(String) as unknown },
    });
    app.coinflow.fail(CARD, { kind: 'status', status: 412, body: { message: 'no customer' } });
    expect(await app.failure(CARD, { auth: session, body: CHECKOUT })).toMatchObject({ reason: 'precondition-failed' });
    app.coinflow.heal();
    await app.call('PUT /merchant/blocked/{customerId}', {
      auth: 'merchant',
      params: { customerId: 'carol' },
      body: { reason: 'fraud' },
    });
    expect(await app.failure(CARD, { auth: session, body: CHECKOUT })).toMatchObject({ reason: 'user-blocked' });
    expect(app.coinflow.payments).toEqual([]);
  });

  const kinds: fc.Arbitrary<EmulatorFault> = fc.oneof(
    fc.record({
      kind: fc.constant('status' as const),
      status: fc.constantFrom(400, 401, 408, 423, 429, 500, 502, 503, 504),
    }),
    fc.record({ kind: fc.constant('html' as const), status: fc.constantFrom(200, 403, 502) }),
    fc.record({
      kind: fc.constantFrom(
        'reset' as const,
        'truncated' as const,
        'non-json' as const,
        'ok' as const,
        'hang' as const,
      ),
    }),
    fc.record({ kind: fc.constant('rate-limited' as const), afterSeconds: fc.constant(0) }),
  );
  const faults = fc
    .tuple(kinds, fc.boolean())
    .map(([fault, afterProcessing]): EmulatorFault => ({ ...fault, afterProcessing }));

  it('is made at most once whatever fails, and exactly once if the call succeeds', async () => {
    let unknown = 0;
    const property = fc.asyncProperty(fc.option(faults), fc.nat({ max: 1_000_000 }), async (fault, user) => {
      // Each run has an application of its own: no breaker is open.
      const one = await createApiApp({ options: { baseUrl: app.coinflow.url, http: { retries: 5 } } });
      try {
        const session = await one.session(`user-${user}`);
        const before = app.coinflow.payments.length;
        if (fault) app.coinflow.fail(CARD, fault);
        const result = await one.call(CARD, { auth: session, body: CHECKOUT, timeoutMs: 300 }).then(
          () => 'charged',
          (error: { code: string }) => error.code,
        );
        const charges = app.coinflow.payments.length - before;
        expect(charges).toBeLessThanOrEqual(1);
        if (result === 'charged' && fault?.kind !== 'ok') expect(charges).toBe(1);
        // A status that says that the call had no effect, after it had one, is a lie that no client can detect.
        const isLie = fault?.afterProcessing && ['status', 'html', 'rate-limited'].includes(fault.kind);
        if (result !== 'charged' && result !== 'COINFLOW_OUTCOME_UNKNOWN' && !isLie) expect(charges).toBe(0);
        if (result === 'COINFLOW_OUTCOME_UNKNOWN') unknown += 1;
      } finally {
        app.coinflow.heal();
        await one.close();
      }
    });
    await fc.assert(property, { numRuns: 60 });
    expect(unknown).toBeGreaterThan(5);
  });
});

(hasOpenssl ? describe : describe.skip)('the outcome of a call over HTTPS', () => {
  let folder: string;
  let certificate: Buffer;
  let server: ReturnType<typeof createHttpsServer>;
  let url: string;
  let answer: RequestListener;
  let requests: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'api-tls-'));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    spawnSync('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      ...subject,
      '-keyout',
      key,
      '-out',
      cert,
    ]);
    certificate = await readFile(cert);
    server = createHttpsServer({ key: await readFile(key), cert: certificate }, (request, response) => {
      requests += 1;
      answer(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });

  it('is unknown after the handshake, and an outage when the certificate is not trusted', async () => {
    requests = 0;
    const agent = new HttpsAgent({ ca: certificate, keepAlive: true });
    const trusting = await createApiApp({ options: { baseUrl: url, http: { agent } } });
    const other = await createApiApp({ options: { baseUrl: url } });
    const pay = { auth: 'merchant', body: {}, timeoutMs: 2_000 };
    try {
      answer = json(200, {}, '{"done":true}');
      expect(await trusting.call(PAYOUT, pay)).toEqual({ done: true });
      answer = (request) => request.socket.destroy();
      // Over the kept connection, and over a new one.
      for (let time = 0; time < 2; time += 1) expect(await trusting.failure(PAYOUT, pay)).toMatchObject(UNKNOWN);
      expect(requests).toBe(3);
      expect(await other.failure(PAYOUT, pay)).toMatchObject(UNAVAILABLE);
      expect(requests).toBe(3);
    } finally {
      agent.destroy();
      await Promise.all([trusting.close(), other.close()]);
    }
  });
});
