import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { EventStream } from '../harness/event-stream.js';
import { createSampleApp, type SampleApp, type SampleAppOptions } from '../harness/create-sample-app.js';
import { PLATFORMS, forge } from '../harness/create-test-app.js';
import type { SentResponse } from '../harness/send.js';
import { until } from '../harness/until.js';
import { walletOn } from '../harness/wallets.js';

const WEBHOOK_KEY = 'webhook-key';
const OPERATION = 'POST /checkout/card/{merchantId}';
const CARD = {
  cardToken: '424242DEMO4242',
  expMonth: '12',
  expYear: '34',
  email: 'alice@example.com',
  firstName: 'Alice',
  lastName: 'Doe',
  address1: '1 Main Street',
  city: 'New York',
  zip: '10001',
  state: 'NY',
  country: 'US',
};
const CHALLENGED = { cardToken: '400002DEMO0000', expMonth: '08', expYear: '27' };
const CARD_NUMBER = '4242424242424242';

describe.each(PLATFORMS)('the checkout of the sample on %s', (platform) => {
  let app: SampleApp;
  let key: string;

  async function start(options: Omit<SampleAppOptions, 'platform'> = {}, version?: 2 | 3): Promise<void> {
    app = await createSampleApp({ platform, env: { COINFLOW_WEBHOOK_VALIDATION_KEY: WEBHOOK_KEY }, ...options });
    app.coinflow.registerWebhook({ url: `${app.url}/webhooks/coinflow`, key: WEBHOOK_KEY, version });
    key = await app.sessionKey('alice');
  }

  const send = (body: unknown, sessionKey = key): Promise<SentResponse> =>
    app.send('/checkout', { method: 'POST', headers: { 'x-coinflow-auth-session-key': sessionKey }, body });
  const pay = (card: object = {}, rest: object = {}): Promise<SentResponse> =>
    send({ cents: 500, card: { ...CARD, ...card }, ...rest });
  const cents = async (): Promise<number> =>
    ((await app.get('/me', key)).body as { balance: { cents: number } }).balance.cents;
  const logged = (): string => JSON.stringify(app.logger.lines);

  describe('with a valid body', () => {
    afterEach(() => app.close());

    it('charges a card, and the webhook of the payment credits the balance', async () => {
      await start();
      const stream = await EventStream.open(`${app.url}/me/balance`, { 'x-coinflow-auth-session-key': key });
      const paid = await pay({}, { deviceId: 'device-1' });
      expect(paid).toMatchObject({ status: 201, body: { paymentId: app.coinflow.payments[0]?.paymentId } });
      expect(app.coinflow.payments).toMatchObject([
        { customerId: 'alice', subtotal: { cents: 500, currency: 'USD' }, last4: '4242' },
      ]);
      expect(app.coinflow.calls.find(({ endpoint }) => endpoint === OPERATION)).toMatchObject({
        credentials: 'session',
        headers: { 'x-coinflow-client-ip': '127.0.0.1', 'x-device-id': 'device-1' },
      });
      await stream.until('balance', (events) => events.length === 2);
      expect(stream.events('balance')).toMatchObject([{ cents: 0 }, { cents: 500 }]);
      stream.close();
    });

    it('accepts the attested key, and sends Coinflow the plain one', async () => {
      await start();
      const headers = { authorization: `Bearer ${await app.login('alice')}` };
      const { attestedKey } = (await app.send('/coinflow/session-key', { headers })).body as { attestedKey: string };
      expect(await send({ cents: 500, card: CARD }, attestedKey)).toMatchObject({ status: 201 });
    });

    it.each([2, 3] as const)('credits the payment of a wallet, in webhooks of version %d', async (version) => {
      await start({}, version);
      const { address, sign } = walletOn('eth');
      const post = (path: string, body: object): Promise<SentResponse> =>
        app.send(`/coinflow/wallet/${path}`, { method: 'POST', body });
      const wallet = { wallet: address, blockchain: 'eth' };
      const { message } = (await post('message', wallet)).body as { message: string };
      const created = await post('session-key', { ...wallet, signedMessage: await sign(message) });
      key = (created.body as { key: string }).key;
      expect(await pay()).toMatchObject({ status: 201 });
      await until(async () => (await cents()) === 500);
    });

    it('credits the payment of a user in webhooks of version 2', async () => {
      await start({}, 2);
      expect(await pay()).toMatchObject({ status: 201 });
      await until(async () => (await cents()) === 500);
    });

    it('credits nobody else when the webhook information of a payment names another user', async () => {
      await start();
      const bob = await app.sessionKey('bob');
      const settle = (webhookInfo: object): Promise<unknown> =>
        app.coinflow.sendWebhook(
          { eventType: 'Settled', data: { customerId: 'bob', webhookInfo, subtotal: { cents: 5 } } },
          { attempts: 1 },
        );
      await settle({ subjectKind: 'user', userId: 'alice', customerId: 'alice' });
      await settle({ subjectKind: 'wallet', wallet: 'alice' });
      expect(await cents()).toBe(0);
      expect(await app.get('/me', bob)).toMatchObject({ body: { balance: { cents: 5 } } });
    });

    it.each([
      ['a declined card', { zip: '99999' }],
      ['a failed chargeback protection', { zip: '00000' }],
      ['a suspected fraud', { zip: '00001' }],
    ])('responds with 402 to %s, without anything of Coinflow', async (_, card) => {
      await start();
      const declined = await pay(card);
      expect(declined.status).toBe(402);
      expect(declined.body).toEqual({
        statusCode: 402,
        message: 'The payment was declined.',
        error: 'Payment Required',
        code: 'COINFLOW_API_ERROR',
        reason: 'payment-declined',
      });
      expect(app.coinflow.payments).toEqual([]);
    });

    it('accepts a long number that is no card number', async () => {
      await start();
      expect(await pay({ email: '4242424242424241@example.com' })).toMatchObject({ status: 201 });
    });

    describe('a challenge', () => {
      const challenge = async (): Promise<{ transactionId: string; url: string; creq: string }> =>
        ((await pay(CHALLENGED)).body as { challenge: { transactionId: string; url: string; creq: string } }).challenge;
      const decide = async (result: 'approved' | 'failed'): Promise<string> => {
        const { transactionId, url, creq } = await challenge();
        expect((await fetch(url, { method: 'POST', body: new URLSearchParams({ creq, result }) })).status).toBe(200);
        return transactionId;
      };

      it('responds with 412 and with the three fields that the page needs', async () => {
        await start();
        app.coinflow.respond(OPERATION, {
          status: 412,
          body: { transactionId: 't', url: 'https://bank.test', creq: 'c', secret: 'canary' },
        });
        const answer = await pay(CHALLENGED);
        expect(answer.status).toBe(412);
        expect(answer.body).toEqual({
          statusCode: 412,
          message: 'A challenge is required.',
          code: 'COINFLOW_API_ERROR',
          reason: 'challenge-required',
          challenge: { transactionId: 't', url: 'https://bank.test', creq: 'c' },
        });
      });

      it.each<[string, object]>([
        ['whose URL is an object', { url: { href: 'https://bank.test' } }],
        ['whose creq is a number', { creq: 5 }],
        ['without a transaction id', { transactionId: undefined }],
      ])('passes on nothing of a challenge %s', async (_, wrong) => {
        await start();
        const body = { transactionId: 't', url: 'https://bank.test', creq: 'c', ...wrong };
        app.coinflow.respond(OPERATION, { status: 412, body });
        const answer = await pay(CHALLENGED);
        expect(answer).toMatchObject({ status: 412, body: { code: 'COINFLOW_API_ERROR' } });
        expect(answer.text).not.toContain('bank.test');
      });

      it('charges the card once after the user has approved', async () => {
        await start();
        const challengeId = await decide('approved');
        expect(app.coinflow.payments).toEqual([]);
        expect(await pay(CHALLENGED, { challengeId })).toMatchObject({ status: 201 });
        expect(await pay(CHALLENGED, { challengeId })).toMatchObject({
          status: 400,
          body: { message: 'Coinflow does not accept this card or challenge. Start the checkout again.' },
        });
        expect(app.coinflow.payments).toHaveLength(1);
        await until(async () => (await cents()) === 500);
      });

      it('declines the card after the user has failed the challenge', async () => {
        await start();
        const challengeId = await decide('failed');
        expect(await pay(CHALLENGED, { challengeId })).toMatchObject({
          status: 402,
          body: { reason: 'payment-declined' },
        });
        expect(app.coinflow.payments).toEqual([]);
      });

      it('is not asked of a card that needs none', async () => {
        await start();
        expect(await pay({ cardToken: '520424DEMO1471', expMonth: '08', expYear: '27' })).toMatchObject({
          status: 201,
        });
      });
    });

    it('responds with 423 to a blocked user', async () => {
      await start();
      const [merchant] = app.coinflow.merchants;
      const blocked = await fetch(`${app.coinflow.url}/api/merchant/blocked/alice`, {
        method: 'PUT',
        headers: { authorization: merchant?.apiKey ?? '', 'content-type': 'application/json' },
        body: JSON.stringify({ reason: 'test' }),
      });
      expect(blocked.status).toBe(200);
      expect(await pay()).toMatchObject({
        status: 423,
        body: { reason: 'user-blocked', message: 'This user is blocked.' },
      });
    });

    it('does not charge again when the response is lost, and the webhook credits the payment', async () => {
      await start();
      app.coinflow.fail(OPERATION, { kind: 'reset', afterProcessing: true }, 1);
      const answer = await pay();
      expect(answer).toMatchObject({ status: 502, body: { code: 'COINFLOW_OUTCOME_UNKNOWN' } });
      expect(answer.headers['retry-after']).toBeUndefined();
      await until(async () => (await cents()) === 500);
      expect(app.coinflow.payments).toHaveLength(1);
    });

    it('requires a session', async () => {
      await start();
      expect(await app.send('/checkout', { method: 'POST', body: { cents: 500, card: CARD } })).toMatchObject({
        status: 401,
      });
      expect(await send({ cents: 500, card: CARD }, forge(key))).toMatchObject({ status: 401 });
      expect(app.coinflow.payments).toEqual([]);
    });
  });

  describe('with an invalid body', () => {
    beforeAll(() => start());

    afterAll(() => app.close());

    it.each<[string, object]>([
      ['no card', { card: undefined }],
      ['a card that is a text', { card: '424242DEMO4242' }],
      ['too small an amount', { cents: 99 }],
      ['too large an amount', { cents: 100_001 }],
      ['half a cent', { cents: 100.5 }],
      ['an amount that is a text', { cents: '500' }],
      ['a challenge id that is no UUID', { challengeId: 'x' }],
      ['an unknown field', { userId: 'bob' }],
      ['an empty token', { card: { ...CARD, cardToken: '' } }],
      ['a month 13', { card: { ...CARD, expMonth: '13' } }],
      ['a year with four digits', { card: { ...CARD, expYear: '2034' } }],
      ['an e-mail address without a domain', { card: { ...CARD, email: 'alice' } }],
      ['a missing zip code', { card: { ...CARD, zip: undefined } }],
    ])('responds with 400 to %s', async (_, wrong) => {
      expect(await send({ cents: 500, card: CARD, ...wrong })).toMatchObject({ status: 400 });
      expect(app.coinflow.calls.filter(({ endpoint }) => endpoint === OPERATION)).toEqual([]);
    });

    it.each<[string, object]>([
      ['the token', { card: { ...CARD, cardToken: CARD_NUMBER } }],
      ['the token, with spaces', { card: { ...CARD, cardToken: '4242 4242 4242 4242' } }],
      ['the token, beside letters', { card: { ...CARD, cardToken: `card ${CARD_NUMBER}` } }],
      ['the token, mistyped', { card: { ...CARD, cardToken: '4242424242424241' } }],
      ['the token, as a number', { card: { ...CARD, cardToken: Number(CARD_NUMBER) } }],
      ['the first name', { card: { ...CARD, firstName: 'Alice 4242-4242-4242-4242' } }],
      ['the zip code', { card: { ...CARD, zip: CARD_NUMBER } }],
      ['the expiry', { card: { ...CARD, expMonth: CARD_NUMBER } }],
      ['the e-mail address', { card: { ...CARD, email: `${CARD_NUMBER}@example.com` } }],
      ['the challenge id', { challengeId: CARD_NUMBER }],
      ['the device id', { deviceId: CARD_NUMBER }],
      ['a field of its own', { card: { ...CARD, number: CARD_NUMBER } }],
      ['the amount', { cents: Number(CARD_NUMBER) }],
    ])('refuses a card number as %s, and neither logs nor repeats it', async (_, wrong) => {
      const refused = await send({ cents: 500, card: CARD, ...wrong });
      expect(refused.status).toBe(400);
      expect(`${refused.text}${logged()}`).not.toMatch(/4242\D?4242/);
      expect(app.coinflow.calls.filter(({ endpoint }) => endpoint === OPERATION)).toEqual([]);
    });
  });
});
