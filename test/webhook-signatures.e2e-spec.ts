import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, HttpCode, Post, UseGuards, type ExecutionContext, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { json, raw } from 'express';
import {
  CoinflowEvent,
  CoinflowWebhook,
  CoinflowWebhookGuard,
  signWebhook,
  type CoinflowWebhookEvent,
} from 'nestjs-coinflow-auth';
import { rawBodyOf } from '../libs/coinflow-auth/src/webhooks/verify-webhook.js';
import { PLATFORMS, createTestApp } from './harness/create-test-app.js';
import type { SentResponse } from './harness/send.js';
import { createWebhookApp, deliver, settled, WEBHOOK_KEY, type Delivery, type WebhookApp } from './harness/webhooks.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OLD_KEY = 'canary_webhook_key_old';
const ago = (ms: number): number => Date.now() - ms;
const ZEROS = '0'.repeat(64);

const INVALID = [401, 'COINFLOW_WEBHOOK_SIGNATURE_INVALID'];
const TOO_OLD = [401, 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD'];
const MALFORMED = [400, 'COINFLOW_WEBHOOK_MALFORMED'];
const UNSUPPORTED = [415, 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE'];
const ACCEPTED = [200, undefined];
/** Answers of Nest itself. */
const BAD_REQUEST = [400, undefined];
const TOO_LARGE = [413, undefined];

@Controller('webhooks')
class EchoController {
  @Post()
  @CoinflowWebhook()
  receive(@CoinflowEvent() event: CoinflowWebhookEvent): unknown {
    const { eventType, category, created, data, deliveryId } = event;
    return { eventType, category, created, data, deliveryId };
  }

  @Post('guarded')
  @UseGuards(CoinflowWebhookGuard)
  guarded(@CoinflowEvent() event: CoinflowWebhookEvent): string {
    return event.eventType;
  }

  @Post('unguarded')
  unguarded(@CoinflowEvent() event: CoinflowWebhookEvent): string {
    return event.eventType;
  }
}

function forgeBody(context: ExecutionContext): boolean {
  context.switchToHttp().getRequest<{ body: unknown }>().body = { eventType: 'Forged', data: {} };
  return true;
}

let app: WebhookApp;

afterEach(() => app.close());

async function start(options: Parameters<typeof createWebhookApp>[0] = {}): Promise<WebhookApp> {
  return (app = await createWebhookApp({ controllers: [EchoController], ...options }));
}

/** The status and code of the answer to a delivery. */
async function answerTo(delivery: Delivery): Promise<unknown[]> {
  return codeOf(await app.deliver(settled(), delivery));
}

function codeOf({ status, body }: SentResponse): unknown[] {
  return [status, (body as { code?: string } | undefined)?.code];
}

const signature = (value: string): Delivery => ({ headers: { 'coinflow-signature': value } });
const now = (): number => Math.floor(Date.now() / 1_000);

describe.each(PLATFORMS)('webhook signatures on %s', (platform) => {
  it.each<[string, () => Delivery, unknown[]]>([
    ['a valid signature', () => ({}), ACCEPTED],
    [
      'a content type with a charset',
      () => ({ headers: { 'content-type': 'application/json; charset=utf-8' } }),
      ACCEPTED,
    ],
    ['no signature', () => ({ headers: { 'coinflow-signature': undefined } }), INVALID],
    ['two signatures', () => signature(`t=${now()},v1=${ZEROS},t=${now()},v1=${ZEROS}`), INVALID],
    ['a malformed signature', () => signature('forged'), INVALID],
    ['a signature without t', () => signature(`v1=${ZEROS}`), INVALID],
    ['a t that is NaN', () => signature(`t=NaN,v1=${ZEROS}`), INVALID],
    ['a negative t', () => signature(`t=-${now()},v1=${ZEROS}`), INVALID],
    ['a v1 of the wrong length', () => signature(`t=${now()},v1=${ZEROS.slice(2)}`), INVALID],
    ['a t in the far future', () => ({ now: ago(-HOUR) }), INVALID],
    ['a signature 6 minutes old', () => ({ now: ago(6 * MINUTE) }), ACCEPTED],
    ['a signature 36 hours old', () => ({ now: ago(36 * HOUR) }), ACCEPTED],
    ['a signature 38 hours old', () => ({ now: ago(38 * HOUR) }), TOO_OLD],
    ['another key', () => ({ key: 'other' }), INVALID],
    ['the old key during a rotation', () => ({ key: OLD_KEY }), ACCEPTED],
    [
      'the key in Authorization alone',
      () => ({ headers: { authorization: WEBHOOK_KEY, 'coinflow-signature': undefined } }),
      INVALID,
    ],
    ['plain text', () => ({ headers: { 'content-type': 'text/plain' } }), UNSUPPORTED],
    ['a form', () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' } }), UNSUPPORTED],
    ['malformed JSON', () => ({ raw: '{"eventType":' }), BAD_REQUEST],
    ['JSON that is not an object', () => ({ raw: '[]' }), MALFORMED],
    ['no eventType', () => ({ raw: '{"data":{}}' }), MALFORMED],
    ['an eventType that is not a string', () => ({ raw: '{"eventType":{},"data":{}}' }), MALFORMED],
    ['no data', () => ({ raw: '{"eventType":"Settled"}' }), MALFORMED],
    ['data that is a list', () => ({ raw: '{"eventType":"Settled","data":[]}' }), MALFORMED],
    [
      'bytes that are not UTF-8',
      () => ({ raw: Buffer.from([...Buffer.from('{"eventType":"'), 0xff, ...Buffer.from('","data":{}}')]) }),
      MALFORMED,
    ],
    ['an oversized body', () => ({ raw: JSON.stringify(settled({ fill: 'x'.repeat(2 << 20) })) }), TOO_LARGE],
  ])('answers a webhook with %s with the expected status and code', async (_, delivery, expected) => {
    await start({ platform, webhook: { keys: [WEBHOOK_KEY, OLD_KEY] } });
    expect(await answerTo(delivery())).toEqual(expected);
  });

  it('rejects a webhook of another JSON content type with 415', async () => {
    await start({ platform });
    const headers = { 'content-type': 'application/vnd.coinflow+json' };
    // Fastify itself answers it, without a code of this package.
    expect((await app.deliver(settled(), { headers })).status).toBe(415);
  });

  it('rejects a webhook whose v1 is in upper case', async () => {
    await start({ platform });
    const raw = JSON.stringify(settled());
    const [t, v1 = ''] = signWebhook({ rawBody: raw, keys: WEBHOOK_KEY }).split(',');
    expect(await answerTo({ raw, ...signature(`${t},v1=${v1.slice(3)}`) })).toEqual(ACCEPTED);
    expect(await answerTo({ raw, ...signature(`${t},v1=${v1.slice(3).toUpperCase()}`) })).toEqual(INVALID);
  });

  it('rejects a webhook whose body was parsed and serialized again', async () => {
    await start({ platform });
    const raw = '{"eventType": "Settled", "data": {"id": "1.0", "n": 1.0}}';
    const headers = { 'coinflow-signature': signWebhook({ rawBody: raw, keys: WEBHOOK_KEY }) };
    expect(await answerTo({ raw: JSON.stringify(JSON.parse(raw)), headers })).toEqual(INVALID);
    expect(await answerTo({ raw, headers })).toEqual(ACCEPTED);
  });

  it('answers a forged webhook 401 with WWW-Authenticate, and needs no session key under a global guard', async () => {
    await start({ platform, globalGuard: true });
    const answer = await app.deliver(settled(), { key: 'other' });
    expect(answer.headers['www-authenticate']).toBe('CoinflowSignature realm="Coinflow"');
    expect(await answerTo({})).toEqual(ACCEPTED);
  });

  describe('with Authorization accepted', () => {
    it.each<[string, Delivery['headers'], unknown[]]>([
      [
        'accepts the webhook key in Authorization',
        { authorization: WEBHOOK_KEY, 'coinflow-signature': undefined },
        ACCEPTED,
      ],
      ['rejects another key in Authorization', { authorization: 'other', 'coinflow-signature': undefined }, INVALID],
      [
        'rejects the webhook key in Authorization beside a wrong signature',
        { authorization: WEBHOOK_KEY, 'coinflow-signature': `t=${now()},v1=${ZEROS}` },
        INVALID,
      ],
      ['accepts a valid signature beside another key in Authorization', { authorization: 'other' }, ACCEPTED],
    ])('%s', async (_, headers, expected) => {
      await start({ platform, webhook: { acceptAuthorization: true } });
      expect(await answerTo({ headers })).toEqual(expected);
    });
  });

  it('reads the event from the verified bytes, even if another guard has replaced the body', async () => {
    await start({
      platform,
      configure: (nest) => void nest.useGlobalGuards({ canActivate: forgeBody }),
    });
    expect((await app.deliver(settled())).body).toMatchObject({ eventType: 'Settled', data: { id: 'payment-1' } });
  });

  it('accepts an old signature of a webhook only where deliveries are recorded', async () => {
    await start({ platform });
    const guarded = async (delivery: Delivery): Promise<unknown[]> =>
      codeOf(await deliver(`${app.url}/webhooks/guarded`, settled(), delivery));
    expect(await guarded({ now: ago(4 * MINUTE) })).toEqual([201, undefined]);
    expect(await guarded({ now: ago(6 * MINUTE) })).toEqual(TOO_OLD);
    await app.close();
    await start({ platform, webhook: { deliveries: false } });
    expect(await answerTo({ now: ago(6 * MINUTE) })).toEqual(TOO_OLD);
    expect(await answerTo({ now: ago(4 * MINUTE) })).toEqual(ACCEPTED);
  });

  it('answers 500 to @CoinflowEvent() on a route without the guard', async () => {
    await start({ platform });
    expect(await app.send('/webhooks/unguarded', { method: 'POST', body: settled() })).toMatchObject({
      status: 500,
      body: { code: 'COINFLOW_MISCONFIGURED' },
    });
  });

  describe('without a raw body', () => {
    it('answers a webhook 500 without a raw body, never a signature error, and logs nothing before the first webhook', async () => {
      await start({ platform, rawBody: false });
      expect([...app.logger.at('warn'), ...app.logger.at('error')]).toEqual([]);
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(await answerTo({ headers: { 'content-type': 'text/plain' } })).toEqual(UNSUPPORTED);
    });

    it('does not report a missing raw body for an empty body', async () => {
      await start({ platform });
      const headers = { 'content-type': 'application/json' };
      const answer = codeOf(await app.send('/webhooks', { method: 'POST', headers }));
      expect(answer).toEqual(platform === 'express' ? INVALID : BAD_REQUEST);
    });
  });
});

describe('bodies that Nest does not parse', () => {
  it('takes the bytes of express.raw() as the raw body', async () => {
    await start({ rawBody: false, configure: (nest) => void nest.use(raw({ type: 'application/json' })) });
    expect(await answerTo({})).toEqual(ACCEPTED);
    expect(await answerTo({ key: 'other' })).toEqual(INVALID);
  });

  it('takes the bytes of a custom Fastify parser as the raw body, and does not call the parser at startup', async () => {
    let parsed = 0;
    await start({
      platform: 'fastify',
      rawBody: false,
      configure: (nest) => {
        const parse = (_request: object, body: Buffer, done: (error: null, body: Buffer) => void): void => {
          parsed += 1;
          done(null, body);
        };
        (nest as NestFastifyApplication).useBodyParser('application/json', {}, parse);
      },
    });
    expect(parsed).toBe(0);
    expect(await answerTo({})).toEqual(ACCEPTED);
    expect(await answerTo({ key: 'other' })).toEqual(INVALID);
    expect(parsed).toBe(2);
  });

  it('takes a Uint8Array as the raw body, which serverless adapters pass instead of a Buffer', () => {
    const bytes = new Uint8Array(Buffer.from('{}'));
    expect(rawBodyOf({ headers: { 'content-type': 'application/json' }, body: bytes })).toBe(bytes);
    const headers = { 'content-type': 'application/json', 'content-length': '2' };
    for (const body of ['{}', {}, [1, 2]]) {
      expect(() => rawBodyOf({ headers, body })).toThrow(expect.objectContaining({ reason: 'raw-body-missing' }));
    }
  });

  it.each(PLATFORMS)('accepts a body of more than 100 kB with the limit that the docs set on %s', async (platform) => {
    const large = { raw: JSON.stringify(settled({ fill: 'x'.repeat(500_000) })) };
    await start({ platform });
    expect(await answerTo(large)).toEqual(platform === 'express' ? TOO_LARGE : ACCEPTED);
    await app.close();
    await start({
      platform,
      configure: (nest) => {
        if (platform === 'express') (nest as NestExpressApplication).useBodyParser('json', { limit: '1mb' });
      },
    });
    expect(await answerTo(large)).toEqual(ACCEPTED);
  });
});

describe('webhook signatures with another parser on Express', () => {
  it("answers 500 when another JSON parser runs before Nest's, never a signature error", async () => {
    await start({ configure: (nest) => void nest.use(json()) });
    expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
  });
});

describe('a function as webhook.keys', () => {
  const UNAVAILABLE = [503, 'COINFLOW_WEBHOOK_UNAVAILABLE'];

  it('calls the function in webhook.keys for each webhook and accepts one key or several, also in a promise', async () => {
    const results = [WEBHOOK_KEY, Promise.resolve(OLD_KEY), [OLD_KEY, WEBHOOK_KEY]];
    await start({ webhook: { keys: () => results.shift()! } });
    expect([await answerTo({}), await answerTo({}), await answerTo({})]).toEqual([ACCEPTED, INVALID, ACCEPTED]);
    expect(results).toEqual([]);
  });

  it.each<[string, () => Promise<string>]>([
    ['rejects', () => Promise.reject(new Error(WEBHOOK_KEY))],
    [
      'throws',
      () => {
        throw new Error(WEBHOOK_KEY);
      },
    ],
  ])('answers 503 when the function in webhook.keys %s, and does not log its error', async (_, keys) => {
    await start({ webhook: { keys } });
    expect(await answerTo({})).toEqual(UNAVAILABLE);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('webhook-keys-function-failed')]);
    expect(app.logger.text).not.toContain('canary');
  });

  it.each([undefined, null, '', [], [''], [WEBHOOK_KEY, ''], [` ${OLD_KEY}`, WEBHOOK_KEY], 5, {}])(
    'answers 500 when the function in webhook.keys returns %p',
    async (keys) => {
      await start({ webhook: { keys: () => keys as string } });
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(app.logger.text).not.toContain('canary');
    },
  );
});

describe('the log and the metrics of rejected webhooks', () => {
  it('logs one warning for each rejected webhook without any content of the request, and counts it', async () => {
    await start({});
    const raw = JSON.stringify(settled({ id: 'attacker' }));
    await app.deliver({}, { raw, key: 'other' });
    await app.deliver({}, { raw, ...signature('attacker') });
    await app.deliver({}, { raw, headers: { 'content-type': 'text/attacker' } });
    expect(app.logger.at('warn')).toEqual([
      expect.stringContaining('[COINFLOW_WEBHOOK_SIGNATURE_INVALID: signature-mismatch]'),
      expect.stringContaining('[COINFLOW_WEBHOOK_SIGNATURE_INVALID: signature-malformed]'),
      expect.stringContaining('[COINFLOW_WEBHOOK_UNSUPPORTED_TYPE: not-json]'),
    ]);
    expect(app.logger.text).not.toMatch(/attacker|canary/);
    expect(app.webhookMetrics()).toMatchObject({ rejected: 3, tooOld: 0, succeeded: 0 });
  });

  it('logs an error for a signature that is too old and for a malformed event, and counts both', async () => {
    await start({});
    await app.deliver(settled(), { now: ago(38 * HOUR) });
    await app.deliver({}, { raw: '{"eventType":""}' });
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/too-old\] Look the event up in the Coinflow dashboard/),
      expect.stringContaining('[COINFLOW_WEBHOOK_MALFORMED: event-type-missing]'),
    ]);
    expect(app.logger.at('warn')).toEqual([]);
    expect(app.webhookMetrics()).toMatchObject({ rejected: 0, tooOld: 1, malformed: 1 });
  });
});

describe('a webhook route', () => {
  @Controller()
  @UseGuards(CoinflowWebhookGuard)
  class GuardedController {
    @Post()
    receive(): void {}
  }

  @Controller()
  class OtherController {
    @Post()
    @CoinflowWebhook({ instance: 'eu' })
    receive(): void {}
  }

  /** Closes an application that starts unexpectedly, so that the test ends. */
  async function startWith(controller: Type): Promise<string> {
    const started = await createTestApp({ controllers: [controller] });
    await started.close();
    return 'started';
  }

  beforeEach(() => start());

  it.each([EchoController, GuardedController])(
    'rejects the startup of a webhook route without a key and names the environment variable: %p',
    async (one) => {
      await expect(startWith(one)).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        reason: 'webhook-key-missing',
        message: expect.stringContaining(`${one.name}.receive`),
        action: expect.stringContaining('COINFLOW_WEBHOOK_VALIDATION_KEY'),
      });
    },
  );

  it('rejects the startup of a webhook route with another status than 200', async () => {
    @Controller()
    class AcceptedController {
      @Post()
      @HttpCode(202)
      @CoinflowWebhook()
      receive(): void {}
    }
    @Controller()
    class GuardedAcceptedController {
      @Post()
      @HttpCode(204)
      @UseGuards(CoinflowWebhookGuard)
      receive(): void {}
    }
    for (const controller of [AcceptedController, GuardedAcceptedController]) {
      const starting = createTestApp({ controllers: [controller], options: { webhook: { keys: WEBHOOK_KEY } } });
      await expect(starting.then((started) => started.close())).rejects.toMatchObject({
        message: expect.stringContaining(`${controller.name}.receive`),
        reason: 'webhook-status',
      });
    }
  });

  it('rejects the startup of a webhook route for an instance that is not registered', async () => {
    await expect(startWith(OtherController)).rejects.toMatchObject({
      message: expect.stringContaining('OtherController.receive'),
      reason: 'module-missing',
    });
  });
});
