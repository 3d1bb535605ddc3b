import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  EVENT_TYPES,
  startCoinflowEmulator,
  type CoinflowEmulator,
  type EmulatorWebhookSending,
} from 'coinflow-emulator';
import { COINFLOW_EVENT_CATEGORIES, COINFLOW_EVENT_TYPES, verifyWebhookSignature } from 'nestjs-coinflow-auth';
import { send } from './harness/send.js';

const KEY = 'endpoint-key';

interface Received {
  headers: IncomingMessage['headers'];
  body: string;
  event: { eventType: string; category: string; created: string; data: Record<string, unknown> };
}

describe('emulator: webhooks', () => {
  let coinflow: CoinflowEmulator;
  let merchant: Server;
  let url: string;
  let statuses: (number | 'hang' | 'reset')[];
  const received: Received[] = [];

  beforeEach(async () => {
    received.length = 0;
    statuses = [];
    coinflow = await startCoinflowEmulator();
    merchant = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.once('end', () => {
        received.push({ headers: request.headers, body, event: JSON.parse(body) as Received['event'] });
        const status = statuses.shift() ?? 200;
        if (status === 'reset') request.socket.resetAndDestroy();
        else if (status !== 'hang') response.writeHead(status, { location: '/elsewhere' }).end();
      });
    });
    await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(merchant.address() as AddressInfo).port}/webhooks`;
    coinflow.registerWebhook({ url, key: KEY });
  });

  afterEach(async () => {
    await coinflow.close();
    merchant.closeAllConnections();
    merchant.close();
  });

  const credentialsOf = ({ headers, body }: Received, keys = KEY): unknown => {
    try {
      return verifyWebhookSignature({ rawBody: body, headers, keys }).verifiedBy;
    } catch (error) {
      return (error as { reason: string }).reason;
    }
  };
  const settle = (sending?: EmulatorWebhookSending): ReturnType<CoinflowEmulator['sendWebhook']> =>
    coinflow.sendWebhook({ eventType: 'Settled', data: { id: 'p1' } }, { retryAfterMs: 1, ...sending });
  const control = (path: string, body: unknown): ReturnType<typeof send> =>
    send(`${coinflow.url}/_emulator/${path}`, { method: 'POST', body });

  it('sends an event of every documented type with its category', async () => {
    const types = Object.values(EVENT_TYPES).flat();
    expect([...types].sort()).toEqual([...COINFLOW_EVENT_TYPES].sort());
    expect(Object.keys(EVENT_TYPES)).toEqual([...COINFLOW_EVENT_CATEGORIES]);
    await coinflow.sendWebhooks(types.map((eventType) => ({ eventType })));
    expect(received.map(({ event }) => event.eventType)).toEqual(types);
    expect(received.filter((one) => credentialsOf(one) !== 'signature')).toEqual([]);
    // Coinflow does not document the events about the configuration.
    const documented = received.filter(({ event }) => !event.eventType.startsWith('Config '));
    expect(documented.filter(({ event }) => Object.keys(event.data).length < 2)).toEqual([]);
    const aboutPeople = received.filter(({ event }) => /^(?:KYC|Sub-merchant) /.test(event.eventType));
    expect(aboutPeople.map(({ event }) => event.category)).toEqual(Array(11).fill('KYC'));
  });

  it('signs events of both versions and sends the key in Authorization', async () => {
    await settle();
    expect(received[0]).toMatchObject({
      headers: { 'content-type': 'application/json', authorization: KEY },
      event: {
        eventType: 'Settled',
        category: 'Purchase',
        data: { id: 'p1', customerId: 'alice', subtotal: { cents: 1_500 } },
      },
    });
    expect(received[0]?.event.data).not.toHaveProperty('wallet');
    coinflow.clearWebhooks();
    coinflow.registerWebhook({ url, key: KEY, version: 2, authorization: false });
    await settle();
    expect(received[1]?.headers).not.toHaveProperty('authorization');
    expect(received[1]?.event.data).toMatchObject({ wallet: expect.stringMatching(/^0x/) });
    expect(received[1]?.event.data).not.toHaveProperty('customerId');
  });

  it('replaces the customer of the sample data by a given wallet', async () => {
    await coinflow.sendWebhook({ eventType: 'Settled', data: { wallet: '0x1' } });
    await coinflow.sendWebhook({ eventType: 'Settled', data: { wallet: '0x1', customerId: 'bob' } });
    const users = received.map(({ event: { data } }) => [data.wallet, data.customerId, 'rawCustomerId' in data]);
    expect(users).toEqual([
      ['0x1', undefined, false],
      ['0x1', 'bob', false],
    ]);
  });

  it('makes a given subtotal the total, unless the total is given as well', async () => {
    const subtotal = { cents: 500 };
    await coinflow.sendWebhook({ eventType: 'Settled', data: { subtotal } });
    await coinflow.sendWebhook({ eventType: 'Settled', data: { subtotal, total: { cents: 530 } } });
    await coinflow.sendWebhook({ eventType: 'KYC Success', data: { subtotal } });
    expect(received.map(({ event: { data } }) => data.total)).toEqual([subtotal, { cents: 530 }, undefined]);
  });

  it('sends one event to a URL that is registered twice, with the last settings', async () => {
    const [first] = coinflow.webhookEndpoints;
    const again = coinflow.registerWebhook({ url: url.replace('http://', 'HTTP://'), key: 'newer', version: 2 });
    expect(again).toMatchObject({ id: first?.id, key: 'newer', version: 2 });
    await control('webhooks/endpoints', { url, key: 'newest', version: 2 });
    expect(coinflow.webhookEndpoints).toMatchObject([{ id: first?.id, key: 'newest', version: 2 }]);
    await settle();
    expect(received.map((one) => credentialsOf(one, 'newest'))).toEqual(['signature']);
    const other = coinflow.registerWebhook({ url: `${url}/other`, key: KEY });
    expect(coinflow.webhookEndpoints.map(({ id }) => id)).toEqual([first?.id, other.id]);
    expect(other.id).not.toBe(first?.id);
  });

  it('sends events of unknown types with any data', async () => {
    await coinflow.sendWebhook({ eventType: 'Novel', category: 'New', created: 'then', data: { a: null, id: 5 } });
    expect(received[0]?.event).toMatchObject({
      eventType: 'Novel',
      category: 'New',
      created: 'then',
      data: { a: null, id: 5 },
    });
  });

  it('retries an event until the response is 200', async () => {
    statuses = [500, 503, 204, 302, 'reset', 401];
    const [result] = await settle();
    expect(result).toMatchObject({ url, acknowledged: true });
    expect(result?.attempts.map(({ attempt, status, error }) => [attempt, status ?? error])).toEqual([
      [1, 500],
      [2, 503],
      [3, 204],
      [4, 302],
      [5, 'ECONNRESET'],
      [6, 401],
      [7, 200],
    ]);
    expect(coinflow.webhookAttempts).toEqual(result?.attempts);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('stops retrying an event after the maximum number of attempts', async () => {
    statuses = [500, 500, 500];
    expect(await settle({ attempts: 2 })).toMatchObject([{ acknowledged: false, attempts: [{}, {}] }]);
    statuses = ['hang'];
    expect(await settle({ attempts: 1, timeoutMs: 30 })).toMatchObject([
      { acknowledged: false, attempts: [{ status: undefined, error: 'timeout' }] },
    ]);
  });

  it.each<[EmulatorWebhookSending, { signatures: number; created: number }]>([
    [{ signAgain: true }, { signatures: 2, created: 1 }],
    [{ signAgain: false }, { signatures: 1, created: 1 }],
    [{ newCreated: true }, { signatures: 2, created: 2 }],
  ])('retries an event according to the settings %j', async (sending, { signatures, created }) => {
    statuses = [500];
    const sent = settle({ ...sending, retryAfterMs: 20 });
    while (received.length === 0) await new Promise(setImmediate);
    coinflow.setClockOffset(60_000);
    await sent;
    expect(new Set(received.map(({ headers }) => headers['coinflow-signature'])).size).toBe(signatures);
    expect(new Set(received.map(({ event }) => event.created)).size).toBe(created);
    expect(received.map((one) => credentialsOf(one))).toEqual(['signature', 'signature']);
  });

  it('sends several copies of an event at the same time', async () => {
    const [result] = await settle({ copies: 5 });
    expect(result?.attempts.map(({ copy }) => copy).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  });

  it('sends events in another order than they were created', async () => {
    const events = ['Refund', 'Settled', 'Disbursed Funds'].map((eventType) => ({ eventType }));
    await coinflow.sendWebhooks(events, { order: 'reversed' });
    expect(received.map(({ event }) => event.eventType)).toEqual(['Disbursed Funds', 'Settled', 'Refund']);
    received.length = 0;
    await coinflow.sendWebhooks(events, { order: 'shuffled' });
    expect(received.map(({ event }) => event.eventType).sort()).toEqual(['Disbursed Funds', 'Refund', 'Settled']);
  });

  it.each<[EmulatorWebhookSending, string]>([
    [{ key: 'other' }, 'signature-mismatch'],
    [{ sign: false }, 'signature-missing'],
    [{ signedAgoMs: 3_600_000 }, 'signature-too-old'],
    [{ signedAgoMs: -3_600_000 }, 'timestamp-in-future'],
    [{ tampering: 'tampered' }, 'signature-mismatch'],
    [{ tampering: 'reserialized' }, 'signature-mismatch'],
    [{ tampering: 'none' }, 'signature'],
  ])('sends an event that a merchant must reject: %j', async (sending, credentials) => {
    await settle(sending);
    expect(received.map((one) => credentialsOf(one))).toEqual([credentials]);
    expect(received[0]?.event.data).toMatchObject({ id: 'p1' });
    expect(coinflow.webhookAttempts[0]?.signedAt === null).toBe(sending.sign === false);
  });

  it.each([
    'http://example.com',
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://0.0.0.0/',
    'http://169.254.169.254/',
    'http://user@10.0.0.1/',
    'ftp://127.0.0.1/',
    'file:///etc/passwd',
    '/webhooks',
    '',
  ])('rejects the URL %j, which is not on this machine', async (elsewhere) => {
    expect(() => coinflow.registerWebhook({ url: elsewhere })).toThrow(RangeError);
    if (elsewhere) expect((await control('webhooks/endpoints', { url: elsewhere })).status).toBe(400);
    expect(coinflow.webhookEndpoints).toHaveLength(1);
  });

  it.each(['http://127.0.0.1:9/', 'http://127.8.9.1/x', 'http://localhost/', 'http://[::1]:9/', 'https://LOCALHOST/'])(
    'accepts the URL %s of this machine',
    (here) => {
      expect(coinflow.registerWebhook({ url: here })).toMatchObject({
        url: here,
        key: expect.stringMatching(/^[\w-]{32}$/),
      });
    },
  );

  it.each<EmulatorWebhookSending>([
    { copies: 0 },
    { attempts: 0 },
    { retryAfterMs: -1 },
    { timeoutMs: 0 },
    { signedAgoMs: 0.5 },
    { tampering: 'some' as 'none' },
    { endpoint: 'nobody' },
  ])('rejects the settings %j of an event', async (sending) => {
    await expect(settle(sending)).rejects.toThrow(RangeError);
    await expect(coinflow.sendWebhooks([], { order: 'other' as 'given' })).rejects.toThrow(RangeError);
    expect(received).toEqual([]);
  });

  it('stops retrying events on reset and keeps its endpoints', async () => {
    statuses = [500];
    const sent = settle({ retryAfterMs: 60_000 });
    while (coinflow.webhookAttempts.length === 0) await new Promise(setImmediate);
    coinflow.reset();
    expect(await sent).toMatchObject([{ acknowledged: false }]);
    expect(coinflow.webhookAttempts).toEqual([]);
    expect(coinflow.webhookEndpoints).toHaveLength(1);
    expect(await settle()).toMatchObject([{ acknowledged: true }]);
  });

  it('stops retrying events when it closes', async () => {
    statuses = ['hang'];
    const sent = settle();
    while (received.length === 0) await new Promise(setImmediate);
    await coinflow.close();
    expect(await sent).toMatchObject([{ acknowledged: false }]);
  });

  describe('in the control API', () => {
    it('registers endpoints, sends events and returns the attempts without keys', async () => {
      coinflow.clearWebhooks();
      await control('webhooks/endpoints', { url, key: 'canary_key', version: 2, authorization: false });
      statuses = [500];
      const data = { wallet: 'me' };
      const event = { eventType: 'Settled', data };
      const { status, body, text } = await control('webhooks/send-all', { events: [event], retryAfterMs: 1 });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        webhooks: {
          endpoints: [{ url, version: 2, authorization: false }],
          attempts: [
            { attempt: 1, status: 500 },
            { attempt: 2, status: 200, eventType: 'Settled' },
          ],
        },
      });
      expect(text).not.toContain('canary');
      expect(received.map((one) => credentialsOf(one, 'canary_key'))).toEqual(['signature', 'signature']);
      expect(received[0]?.event.data).toMatchObject(data);
      await control('webhooks/send-all', { events: [{ eventType: 'Refund' }, { eventType: 'A' }], order: 'reversed' });
      expect(received.slice(2).map(({ event }) => event.eventType)).toEqual(['A', 'Refund']);
      expect((await control('webhooks/cancel', {})).body).toMatchObject({ webhooks: { attempts: [] } });
      expect((await control('webhooks/endpoints/clear', {})).body).toMatchObject({ webhooks: { endpoints: [] } });
      expect(await control('webhooks/send', { eventType: 'Settled' })).toMatchObject({
        status: 400,
        body: { message: 'No such webhook endpoint is registered.' },
      });
    });

    it('responds after the first attempt of an event and says how to see the retries', async () => {
      statuses = [500, 200, 500];
      const { status, body } = await control('webhooks/send', {
        eventType: 'Settled',
        copies: 2,
        retryAfterMs: 60_000,
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        sent: {
          acknowledged: false,
          retries: expect.stringMatching(/until the response is 200.*webhooks\.attempts.*GET \/_emulator\/state/),
        },
        webhooks: { attempts: [{ attempt: 1 }, { attempt: 1 }] },
      });
      coinflow.reset();
      await control('webhooks/send', { eventType: 'Refund', retryAfterMs: 1 });
      while (coinflow.webhookAttempts.length < 2) await new Promise(setImmediate);
      const attempts = coinflow.webhookAttempts;
      expect(attempts.map(({ attempt, status: answer }) => [attempt, answer])).toEqual([
        [1, 500],
        [2, 200],
      ]);
    });

    it.each<[number, EmulatorWebhookSending]>([
      [200, {}],
      [500, { attempts: 1 }],
    ])('announces no retries if there are none: after a %i, with %j', async (first, sending) => {
      statuses = [first];
      const { body } = await control('webhooks/send', { eventType: 'Settled', ...sending });
      expect(body).toMatchObject({ sent: { acknowledged: first === 200, retries: null } });
    });

    it.each([
      ['webhooks/endpoints', { key: 'k' }],
      ['webhooks/endpoints', { url: 'http://localhost/', version: 1 }],
      ['webhooks/endpoints', { url: 'http://localhost/', key: 'a b' }],
      ['webhooks/send', {}],
      ['webhooks/send', { eventType: 'Settled', copies: 0 }],
      ['webhooks/send', { eventType: 'Settled', typo: 1 }],
      ['webhooks/send-all', { events: [] }],
      ['webhooks/send-all', { events: [{ eventType: 'A' }], order: 'odd' }],
    ])('rejects a POST to %s with the body %j', async (path, body) => {
      expect((await control(path, body)).status).toBe(400);
      expect(received).toEqual([]);
    });
  });
});
