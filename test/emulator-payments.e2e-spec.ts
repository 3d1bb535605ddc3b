import { createServer, type Server } from 'node:http';
import { createConnection, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DEMO_CARDS, startCoinflowEmulator, type CoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { verifyWebhookSignature } from 'nestjs-coinflow-auth';
import { EmulatorClient, walletHeaders } from './harness/emulator-client.js';
import { send, type SentResponse } from './harness/send.js';
import { until } from './harness/until.js';
import { walletOn } from './harness/wallets.js';

type Headers = Record<string, string>;

const CHECKOUT = 'POST /checkout/card/{merchantId}';
const CARD = {
  cardToken: '424242DEMO4242',
  expMonth: '10',
  expYear: '29',
  email: 'alice@example.com',
  firstName: 'Alice',
  lastName: 'Liddell',
  address1: '1 Main Street',
  city: 'Chicago',
  zip: '60601',
  state: 'IL',
  country: 'US',
};
const CHALLENGED = { ...CARD, cardToken: '400002DEMO0000', expMonth: '08', expYear: '27' };

interface Challenge {
  transactionId: string;
  url: string;
  creq: string;
}

const digitsOf = (text: string): string => text.replace(/\D/g, '');

describe('emulator: payments', () => {
  let coinflow: CoinflowEmulator;
  let client: EmulatorClient;
  let session: Headers;

  beforeEach(async () => {
    coinflow = await startCoinflowEmulator();
    client = new EmulatorClient(coinflow);
    session = await client.session();
  });

  afterEach(() => coinflow.close());

  const pay = (card: object = CARD, rest: object = {}, headers = session): Promise<SentResponse> =>
    client.call(CHECKOUT, headers, { subtotal: { cents: 500 }, card, ...rest });

  const block = (body: object, customerId = 'alice'): Promise<SentResponse> =>
    send(`${coinflow.url}/api/merchant/blocked/${encodeURIComponent(customerId)}`, {
      method: 'PUT',
      headers: { authorization: client.apiKey },
      body,
    });

  const state = async (): Promise<string> => (await client.get('/_emulator/state')).text;

  describe('card checkout', () => {
    it('charges a card and charges again for an identical call', async () => {
      const { status, body } = await pay();
      expect([status, body]).toEqual([200, { paymentId: expect.stringMatching(/^[\da-f-]{36}$/) }]);
      expect((await pay()).status).toBe(200);
      expect(coinflow.payments).toHaveLength(2);
      expect(coinflow.payments[0]).toEqual({
        ...(body as object),
        merchantId: 'demo-merchant',
        customerId: 'alice',
        status: 'settled',
        subtotal: { cents: 500, currency: 'USD' },
        fees: { cents: 80 },
        total: { cents: 580 },
        last4: '4242',
        at: expect.any(String),
      });
      expect(JSON.parse(await state())).toMatchObject({ payments: [body, {}] });
      coinflow.reset();
      expect(coinflow.payments).toEqual([]);
    });

    it.each(DEMO_CARDS.filter(({ outcome }) => outcome !== 'challenge'))(
      'charges the demo card $token',
      async (card) => {
        const { token: cardToken, expMonth, expYear } = card;
        expect((await pay({ ...CARD, cardToken, expMonth, expYear })).status).toBe(200);
        expect(cardToken).toMatch(/^\d{6}[A-Z]+\d{4}$/);
      },
    );

    it.each([
      ['99999', { code: '05', msg: 'Do not honor', protection: false }],
      ['00000', { code: '999', protection: true }],
      ['00001', { code: '59', msg: 'The transaction is suspected of fraud.' }],
    ])('declines the zip code %s', async (zip, reason) => {
      expect(await pay({ ...CARD, zip })).toMatchObject({
        status: 400,
        body: { ...reason, title: 'Payment declined', paymentId: expect.any(String), debugId: expect.any(String) },
      });
      expect(coinflow.payments).toEqual([]);
    });

    it.each<[string, object, object]>([
      ['subtotal', { subtotal: undefined }, {}],
      ['subtotal', { subtotal: 5 }, {}],
      ['subtotal.cents', { subtotal: { cents: 0 } }, {}],
      ['subtotal.cents', { subtotal: { cents: '5' } }, {}],
      ['subtotal.currency', { subtotal: { cents: 5, currency: 'dollars' } }, {}],
      ['webhookInfo', { webhookInfo: 'order-1' }, {}],
      ['card', { card: 'token' }, {}],
      ['card', { card: undefined }, {}],
      ['email', {}, { email: undefined }],
      ['card.zip', {}, { zip: 60_601 }],
      ['card.expMonth', {}, { expMonth: '13' }],
      ['card.expYear', {}, { expYear: '2029' }],
      ['card.cardToken', {}, { cardToken: '230377LB2YJJ0408' }],
      ['authentication3DS.transactionId', { authentication3DS: { transactionId: 'unknown' } }, {}],
      ['card.expMonth and card.expYear', {}, { cardToken: '520424DEMO1471' }],
    ])('rejects a body with an invalid %s: %j %j', async (field, rest, card) => {
      const { status, body } = await pay({ ...CARD, ...card }, rest);
      expect([status, (body as { message: string }).message]).toEqual([400, expect.stringContaining(field)]);
      expect(coinflow.payments).toEqual([]);
    });

    it.each<[string, object]>([
      ['card.cardToken', { cardToken: '4242424242424242' }],
      ['card.cardToken', { cardToken: 4_242_424_242_424_242 }],
      ['card.cardToken', { cardToken: '1234-5678-9012-3456' }],
      ['card.number', { number: '4242 4242 4242 4242' }],
      ['card.firstName', { firstName: 'Alice 5204247750001471' }],
      ['card.nested', { nested: { deep: ['378282246310005'] } }],
      ['card', { '4242424242424242': true }],
    ])('refuses a card number in %s and keeps it nowhere', async (field, wrong) => {
      const { status, text } = await pay({ ...CARD, ...wrong });
      expect([status, text]).toEqual([400, expect.stringContaining(`"${field} contains a card number`)]);
      const kept =
        text + (await state()) + JSON.stringify([coinflow.calls, coinflow.payments, coinflow.webhookAttempts]);
      const [number = ''] = /\d(?:[ -]?\d){12,}/.exec(JSON.stringify(wrong)) ?? [];
      expect(digitsOf(number)).toHaveLength(number.startsWith('37') ? 15 : 16);
      expect(kept.replace(/[ -]/g, '')).not.toContain(digitsOf(number));
    });

    it('rejects a body that is not JSON without repeating it', async () => {
      const raw = '{"card":{"cardToken":"4242424242424242"';
      const headers = { ...session, 'content-type': 'application/json' };
      const { status, text } = await send(`${coinflow.url}/api/checkout/card/demo-merchant`, {
        method: 'POST',
        headers,
        raw,
      });
      expect(status).toBe(400);
      expect(text + (await state())).not.toContain('4242424242424242');
    });

    it('authorizes without settling with authOnly', async () => {
      expect(await pay(CARD, { authOnly: true })).toMatchObject({
        body: { authorizationExpiration: expect.stringMatching(/Z$/) },
      });
      expect(coinflow.payments).toMatchObject([{ status: 'authorized' }]);
    });
  });

  describe('faults', () => {
    const outcome = (call: Promise<SentResponse>): Promise<unknown> =>
      call.then(
        ({ status }) => status,
        (error: NodeJS.ErrnoException) => error.code,
      );

    it.each<[EmulatorFault, unknown]>([
      [{ kind: 'status', status: 503 }, 503],
      [{ kind: 'html', status: 502 }, 502],
      [{ kind: 'raw', status: 200, body: 'invalid' }, 200],
      [{ kind: 'non-json' }, 200],
      [{ kind: 'ok' }, 200],
      [{ kind: 'rate-limited' }, 429],
      [{ kind: 'truncated' }, 'ECONNRESET'],
      [{ kind: 'reset' }, 'ECONNRESET'],
    ])('happens before or after the charge: %j', async (fault, expected) => {
      coinflow.fail(CHECKOUT, fault, 1);
      expect(await outcome(pay())).toBe(expected);
      expect(coinflow.payments).toHaveLength(0);
      coinflow.fail(CHECKOUT, { ...fault, afterProcessing: true }, 1);
      expect(await outcome(pay())).toBe(expected);
      expect(coinflow.payments).toHaveLength(1);
      expect(await outcome(pay())).toBe(200);
      expect(coinflow.countCalls(CHECKOUT)).toBe(3);
    });

    it('charges before it hangs with afterProcessing, and not without', async () => {
      for (const [afterProcessing, charges] of [
        [false, 0],
        [true, 1],
      ] as const) {
        coinflow.reset();
        coinflow.fail(CHECKOUT, { kind: 'hang', afterProcessing });
        const hangUp = new AbortController();
        const hanging = send(`${coinflow.url}/api/checkout/card/demo-merchant`, {
          method: 'POST',
          headers: session,
          body: { subtotal: { cents: 500 }, card: CARD },
          signal: hangUp.signal,
        });
        const aborted = expect(hanging).rejects.toThrow();
        await until(() => coinflow.countCalls(CHECKOUT) === 1 && coinflow.payments.length === charges);
        expect(coinflow.calls.at(-1)?.status).toBeUndefined();
        hangUp.abort();
        await aborted;
      }
    });

    it('delays the response after the charge with afterProcessing', async () => {
      coinflow.fail(CHECKOUT, { kind: 'delay', ms: 150, afterProcessing: true });
      const response = pay();
      await until(() => coinflow.payments.length === 1);
      expect(coinflow.calls.at(-1)?.status).toBeUndefined();
      expect((await response).status).toBe(200);
    });

    it('replaces an error with afterProcessing, and applies to Verify Token as well', async () => {
      coinflow.fail(CHECKOUT, { kind: 'status', status: 503, afterProcessing: true });
      expect((await pay({ ...CARD, zip: '99999' })).status).toBe(503);
      coinflow.fail('session-key', { kind: 'reset', afterProcessing: true });
      expect(await outcome(client.sessionKey({ authorization: client.apiKey, 'x-coinflow-auth-user-id': 'a' }))).toBe(
        'ECONNRESET',
      );
      coinflow.fail('verify', { kind: 'ok', afterProcessing: true });
      expect((await client.verify('invalid')).status).toBe(200);
    });

    it('resets the connection when the headers have arrived, before the body', async () => {
      coinflow.fail(CHECKOUT, { kind: 'reset' });
      const { hostname, port } = new URL(coinflow.url);
      const socket = createConnection(Number(port), hostname);
      const key = session['x-coinflow-auth-session-key'];
      const head = `POST /api/checkout/card/demo-merchant HTTP/1.1\r\nHost: ${hostname}\r\nx-coinflow-auth-session-key: ${key}`;
      socket.write(`${head}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`);
      const error = await new Promise((resolve) => socket.once('error', resolve));
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(coinflow.countCalls(CHECKOUT)).toBe(1);
    });

    it('charges nothing for a canned response', async () => {
      coinflow.respond(CHECKOUT, { status: 451, body: { verificationLink: 'https://kyc.test' } }, 1);
      expect(await pay()).toMatchObject({ status: 451, body: { verificationLink: 'https://kyc.test' } });
      expect(coinflow.payments).toEqual([]);
    });

    it('takes faults, responses, withdrawers and blocking over the control API', async () => {
      const control = (path: string, body: object): Promise<SentResponse> =>
        send(`${coinflow.url}/_emulator/${path}`, { method: 'POST', body });
      const fault = { kind: 'reset', afterProcessing: true };
      expect(await control('faults', { endpoint: CHECKOUT, fault, times: 1 })).toMatchObject({
        body: { faults: [{ endpoint: CHECKOUT, kind: 'reset', afterProcessing: true, remaining: 1 }] },
      });
      expect(await outcome(pay())).toBe('ECONNRESET');
      expect(coinflow.payments).toHaveLength(1);
      expect(await control('responses', { operation: CHECKOUT, status: 410, times: 1 })).toMatchObject({
        body: { responses: [{ operation: CHECKOUT, status: 410, remaining: 1 }] },
      });
      expect(await pay()).toMatchObject({ status: 410, body: {} });
      await control('responses', { operation: CHECKOUT, status: 418 });
      expect((await control('responses/clear', {})).body).toMatchObject({ responses: [] });
      expect((await control('withdrawers', { wallet: 'w', verification: 'pending' })).status).toBe(200);
      expect((await control('blocking', { endsSessions: true })).body).toMatchObject({
        blocking: { endsSessions: true },
      });
    });

    it.each([
      ['responses', { operation: 'POST /checkout/crad/{merchantId}' }, `"${CHECKOUT}"`],
      ['responses', { operation: CHECKOUT, status: 99 }, 'body/status'],
      ['responses', { operation: CHECKOUT, headers: { a: 'b\nc' } }, 'body/headers/a'],
      ['responses', { status: 200 }, "required property 'operation'"],
      ['faults', { endpoint: 'GET /nothing', fault: { kind: 'ok' } }, 'Did you mean'],
      ['faults', { endpoint: CHECKOUT, fault: { kind: 'ok', afterProcessing: 1 } }, 'body/fault/afterProcessing'],
      ['withdrawers', { wallet: 'w', verification: 'maybe' }, 'approved, pending'],
      ['blocking', { endSessions: true }, 'additional properties: endSessions'],
    ])('rejects the invalid body of %s: %j', async (path, body, message) => {
      const response = await send(`${coinflow.url}/_emulator/${path}`, { method: 'POST', body });
      expect(response).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } });
    });
  });

  describe('3-D Secure', () => {
    const challenge = async (): Promise<Challenge> => {
      const { status, body } = await pay(CHALLENGED);
      expect(status).toBe(412);
      return body as Challenge;
    };

    /** Posts the form of the challenge page, as a browser does. */
    const post = ({ url, creq }: Challenge, result?: string): Promise<SentResponse> =>
      send(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'null' },
        raw: new URLSearchParams({ creq, ...(result && { result }) }).toString(),
      });

    const conclude = ({ transactionId }: Challenge, card = CHALLENGED): Promise<SentResponse> =>
      pay(card, { authentication3DS: { transactionId } });

    it('charges once after the user has approved the challenge', async () => {
      const challenged = await challenge();
      expect(coinflow.payments).toEqual([]);
      expect(await conclude(challenged)).toMatchObject({ status: 412, body: challenged });
      expect((await post(challenged, 'approved')).text).toContain("postMessage('challenge_success', '*')");
      expect(await conclude(challenged)).toMatchObject({ status: 200, body: { paymentId: expect.any(String) } });
      expect((await conclude(challenged)).status).toBe(400);
      expect(coinflow.payments).toHaveLength(1);
    });

    it('declines after the user has failed the challenge', async () => {
      const challenged = await challenge();
      expect((await post(challenged, 'failed')).text).toContain('challenge_failure');
      expect(await conclude(challenged)).toMatchObject({ status: 400, body: { title: 'Payment declined' } });
      expect(coinflow.payments).toEqual([]);
    });

    it('accepts a challenge only for the purchase of its user', async () => {
      const challenged = await challenge();
      await post(challenged, 'approved');
      const authentication3DS = { transactionId: challenged.transactionId };
      expect((await pay(CHALLENGED, { authentication3DS, subtotal: { cents: 501 } })).status).toBe(400);
      expect((await pay(CHALLENGED, { authentication3DS }, await client.session('bob'))).status).toBe(400);
      expect((await conclude(challenged, CARD)).status).toBe(400);
      expect((await conclude(challenged)).status).toBe(200);
    });

    it('serves a page with buttons, which every page may show and no other script can change', async () => {
      const { status, text, headers } = await post(await challenge());
      expect(status).toBe(200);
      expect(text).toContain('5.00 USD');
      expect(text).toMatch(/<button name="result" value="approved">Approve<\/button>/);
      expect(text).toMatch(/<button name="result" value="failed">Fail<\/button>/);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain('frame-ancestors *');
      expect(policy).not.toContain('unsafe');
      expect(headers).not.toHaveProperty('x-frame-options');
    });

    it('answers 404 on the page of an unknown challenge', async () => {
      const { url } = await challenge();
      expect((await post({ url, creq: '"><script>', transactionId: '' })).status).toBe(404);
    });
  });

  describe('the webhook of a payment', () => {
    let merchant: Server;
    const received: { eventType: string; data: Record<string, unknown> }[] = [];
    let verified: string[];

    beforeEach(async () => {
      received.length = 0;
      verified = [];
      merchant = createServer((request, response) => {
        let body = '';
        request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
        request.once('end', () => {
          verified.push(
            verifyWebhookSignature({ rawBody: body, headers: request.headers, keys: 'webhook-key' }).verifiedBy,
          );
          received.push(JSON.parse(body) as (typeof received)[number]);
          response.end();
        });
      });
      await new Promise<void>((resolve) => merchant.listen(0, '127.0.0.1', resolve));
    });

    afterEach(() => new Promise((resolve) => merchant.close(resolve)));

    it.each([
      [3, { customerId: 'alice' }],
      [2, { wallet: 'alice' }],
    ] as const)('is sent with what the merchant gave at checkout, in version %i', async (version, user) => {
      const { port } = merchant.address() as AddressInfo;
      coinflow.registerWebhook({ url: `http://127.0.0.1:${port}`, key: 'webhook-key', version });
      const { body } = await pay(CARD, { webhookInfo: { orderId: 'order-1' } });
      await until(() => received.length === 1);
      expect(verified).toEqual(['signature']);
      expect(received[0]).toMatchObject({
        eventType: 'Settled',
        category: 'Purchase',
        data: {
          id: (body as { paymentId: string }).paymentId,
          merchantId: 'demo-merchant',
          webhookInfo: { orderId: 'order-1' },
          subtotal: { cents: 500, currency: 'USD' },
          fees: { cents: 80 },
          total: { cents: 580 },
          last4: '4242',
          ...user,
        },
      });
      expect(Object.keys(received[0]?.data ?? {}).filter((name) => /^(wallet|customerId)$/.test(name))).toEqual(
        Object.keys(user),
      );
    });

    it('is not sent after a reset and not for a declined payment', async () => {
      const { port } = merchant.address() as AddressInfo;
      coinflow.registerWebhook({ url: `http://127.0.0.1:${port}`, key: 'webhook-key' });
      await pay();
      coinflow.reset();
      await pay({ ...CARD, zip: '99999' });
      await pay(CARD, { webhookInfo: { orderId: 'last' } });
      await until(() => received.length > 0);
      expect(received.map(({ data }) => data.webhookInfo)).toEqual([{ orderId: 'last' }]);
    });
  });

  it('creates the customer of a session with the first checkout', async () => {
    const customer = async (headers = session): Promise<unknown> =>
      (await client.call('GET /customer/v2', headers)).body;
    expect(await customer()).toEqual({ customer: null });
    await pay();
    await pay();
    expect(await customer()).toMatchObject({
      customer: {
        _id: expect.any(String),
        customerId: 'alice',
        merchant: 'demo-merchant',
        email: 'alice@example.com',
        blockchain: 'user',
        cards: [{ last4: '4242', token: CARD.cardToken, type: 'VISA', hasAddress: true, nameOnCard: 'Alice Liddell' }],
        bankAccounts: [],
      },
    });
    expect(((await customer()) as { customer: { cards: unknown[] } }).customer.cards).toHaveLength(1);
    expect(await customer(await client.session('bob'))).toEqual({ customer: null });
    coinflow.setIssuance({ form: 'opaque' });
    expect(await customer(await client.session())).toMatchObject({ customer: { customerId: 'alice' } });
  });

  it('returns the withdrawer of a wallet, 401 without one and 451 until the identity is verified', async () => {
    const wallet = walletOn('solana');
    const get = async (): Promise<SentResponse> =>
      client.call('GET /withdraw', { authorization: client.apiKey, ...walletHeaders(wallet) });
    expect(await get()).toMatchObject({ status: 401, body: { message: 'Withdrawer not found' } });
    coinflow.setWithdrawer({ wallet: wallet.address, verification: 'pending' });
    expect(await get()).toMatchObject({
      status: 451,
      body: {
        verification: { status: 'pending', vendor: 'persona', reference: expect.any(String) },
        verificationLink: expect.stringMatching(/^https:/),
        withdrawer: { wallet: wallet.address, blockchain: 'solana' },
      },
    });
    coinflow.setWithdrawer({ wallet: wallet.address });
    expect(await get()).toMatchObject({
      status: 200,
      body: { withdrawer: { wallet: wallet.address, merchant: 'demo-merchant', bankAccounts: [] } },
    });
    expect((await client.call('GET /withdraw', await client.signed(wallet))).status).toBe(200);
    coinflow.reset();
    expect((await get()).status).toBe(401);
  });

  describe('blocking', () => {
    it('answers 423 to a blocked user where it is documented, until the block ends', async () => {
      expect((await block({ reason: 'fraud' })).status).toBe(200);
      expect(await pay()).toMatchObject({ status: 423, body: { message: 'Customer is blocked' } });
      expect((await client.call('GET /customer/v2', session)).status).toBe(200);
      const user = { authorization: client.apiKey, 'x-coinflow-auth-user-id': 'alice' };
      expect((await client.call('POST /checkout/crypto', user)).status).toBe(423);
      expect((await pay(CARD, {}, await client.session('bob'))).status).toBe(200);
      expect((await client.verify(session['x-coinflow-auth-session-key'] ?? '')).status).toBe(200);
      expect(JSON.parse(await state())).toMatchObject({ blockedCustomers: [{ customerId: 'alice', reason: 'fraud' }] });
      for (const status of ['Functional', 'Override']) {
        await block({ reason: 'fraud', status: 'Blocked' });
        expect((await pay()).status).toBe(423);
        await block({ reason: 'appeal', status });
        expect((await pay()).status).toBe(200);
      }
    });

    it('ends the sessions of a blocked user with endsSessions', async () => {
      coinflow.setBlocking({ endsSessions: true });
      const key = await client.create('a/b c');
      expect((await client.verify(key)).status).toBe(200);
      await block({ reason: 'fraud' }, 'a/b c');
      expect((await client.verify(key)).status).toBe(401);
      expect((await pay(CARD, {}, { 'x-coinflow-auth-session-key': key })).status).toBe(401);
      expect((await client.verify(await client.create('bob'))).status).toBe(200);
      await block({ reason: 'appeal', status: 'Functional' }, 'a/b c');
      expect((await client.verify(key)).status).toBe(200);
    });

    it.each([
      [{}, "'reason'"],
      [{ reason: 5 }, 'reason'],
      [{ reason: 'fraud', status: 'Gone' }, 'status'],
    ])('rejects the body %j', async (body, message) => {
      expect(await block(body)).toMatchObject({ status: 400, body: { message: expect.stringContaining(message) } });
    });
  });
});
