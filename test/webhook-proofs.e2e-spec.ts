import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, HttpCode, Post, UseGuards, type ExecutionContext, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { json, raw } from 'express';
import {
  CoinflowEvent,
  CoinflowWebhook,
  CoinflowWebhookGuard,
  CoinflowWebhooks,
  signWebhook,
  type CoinflowWebhookEvent,
} from 'nestjs-coinflow-auth';
import { rawBodyOf } from '../libs/coinflow-auth/src/webhooks/receiving/webhook-request.js';
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
const UNREADABLE = [400, 'COINFLOW_WEBHOOK_MALFORMED'];
const UNSUPPORTED = [415, 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE'];
const GOOD = [200, undefined];
/** Nest's own answers. */
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

/** Status and code of what a delivery is answered. */
async function answerTo(delivery: Delivery): Promise<unknown[]> {
  return codeOf(await app.deliver(settled(), delivery));
}

function codeOf({ status, body }: SentResponse): unknown[] {
  return [status, (body as { code?: string } | undefined)?.code];
}

const signature = (value: string): Delivery => ({ headers: { 'coinflow-signature': value } });
const now = (): number => Math.floor(Date.now() / 1_000);

describe.each(PLATFORMS)('proofs of webhooks on %s', (platform) => {
  it.each<[string, () => Delivery, unknown[]]>([
    ['a good signature', () => ({}), GOOD],
    ['a charset beside the type', () => ({ headers: { 'content-type': 'application/json; charset=utf-8' } }), GOOD],
    ['no signature', () => ({ headers: { 'coinflow-signature': undefined } }), INVALID],
    ['two signatures', () => signature(`t=${now()},v1=${ZEROS},t=${now()},v1=${ZEROS}`), INVALID],
    ['a malformed signature', () => signature('junk'), INVALID],
    ['a signature without t', () => signature(`v1=${ZEROS}`), INVALID],
    ['a t that is NaN', () => signature(`t=NaN,v1=${ZEROS}`), INVALID],
    ['a negative t', () => signature(`t=-${now()},v1=${ZEROS}`), INVALID],
    ['a v1 of the wrong length', () => signature(`t=${now()},v1=${ZEROS.slice(2)}`), INVALID],
    ['a t in the far future', () => ({ now: ago(-HOUR) }), INVALID],
    ['a signature 6 minutes old', () => ({ now: ago(6 * MINUTE) }), GOOD],
    ['a signature 36 hours old', () => ({ now: ago(36 * HOUR) }), GOOD],
    ['a signature 38 hours old', () => ({ now: ago(38 * HOUR) }), TOO_OLD],
    ['a wrong key', () => ({ key: 'other' }), INVALID],
    ['the old key in rotation', () => ({ key: OLD_KEY }), GOOD],
    [
      'the key in Authorization alone',
      () => ({ headers: { authorization: WEBHOOK_KEY, 'coinflow-signature': undefined } }),
      INVALID,
    ],
    ['text', () => ({ headers: { 'content-type': 'text/plain' } }), UNSUPPORTED],
    ['a form', () => ({ headers: { 'content-type': 'application/x-www-form-urlencoded' } }), UNSUPPORTED],
    ['malformed JSON', () => ({ raw: '{"eventType":' }), BAD_REQUEST],
    ['JSON that is no object', () => ({ raw: '[]' }), UNREADABLE],
    ['no eventType', () => ({ raw: '{"data":{}}' }), UNREADABLE],
    ['an eventType that is no text', () => ({ raw: '{"eventType":{},"data":{}}' }), UNREADABLE],
    ['no data', () => ({ raw: '{"eventType":"Settled"}' }), UNREADABLE],
    ['data that is a list', () => ({ raw: '{"eventType":"Settled","data":[]}' }), UNREADABLE],
    [
      'bytes that are no UTF-8',
      () => ({ raw: Buffer.from([...Buffer.from('{"eventType":"'), 0xff, ...Buffer.from('","data":{}}')]) }),
      UNREADABLE,
    ],
    ['an oversized body', () => ({ raw: JSON.stringify(settled({ fill: 'x'.repeat(2 << 20) })) }), TOO_LARGE],
  ])('%s', async (_, delivery, expected) => {
    await start({ platform, webhook: { keys: [WEBHOOK_KEY, OLD_KEY] } });
    expect(await answerTo(delivery())).toEqual(expected);
  });

  it('takes another content type for what it is: none of its bytes are looked at', async () => {
    await start({ platform });
    const headers = { 'content-type': 'application/vnd.coinflow+json' };
    // On Fastify the answer is its own, and has no code of ours.
    expect((await app.deliver(settled(), { headers })).status).toBe(415);
  });

  it('an upper-case v1 is wrong', async () => {
    await start({ platform });
    const raw = JSON.stringify(settled());
    const [t, v1 = ''] = signWebhook({ rawBody: raw, keys: WEBHOOK_KEY }).split(',');
    expect(await answerTo({ raw, ...signature(`${t},v1=${v1.slice(3)}`) })).toEqual(GOOD);
    expect(await answerTo({ raw, ...signature(`${t},v1=${v1.slice(3).toUpperCase()}`) })).toEqual(INVALID);
  });

  it('a body that was written again in between is refused', async () => {
    await start({ platform });
    const raw = '{"eventType": "Settled", "data": {"id": "1.0", "n": 1.0}}';
    const headers = { 'coinflow-signature': signWebhook({ rawBody: raw, keys: WEBHOOK_KEY }) };
    expect(await answerTo({ raw: JSON.stringify(JSON.parse(raw)), headers })).toEqual(INVALID);
    expect(await answerTo({ raw, headers })).toEqual(GOOD);
  });

  it('refuses with WWW-Authenticate, and asks for no session key', async () => {
    await start({ platform, globalGuard: true });
    const answer = await app.deliver(settled(), { key: 'other' });
    expect(answer.headers['www-authenticate']).toBe('CoinflowSignature realm="Coinflow"');
    expect(await answerTo({})).toEqual(GOOD);
  });

  describe('Authorization, where it is switched on', () => {
    it.each<[string, Delivery['headers'], unknown[]]>([
      ['the key', { authorization: WEBHOOK_KEY, 'coinflow-signature': undefined }, GOOD],
      ['another key', { authorization: 'other', 'coinflow-signature': undefined }, INVALID],
      [
        'the key beside a bad signature',
        { authorization: WEBHOOK_KEY, 'coinflow-signature': `t=${now()},v1=${ZEROS}` },
        INVALID,
      ],
      ['another key beside a good signature', { authorization: 'other' }, GOOD],
    ])('%s', async (_, headers, expected) => {
      await start({ platform, webhook: { proofs: ['signature', 'authorization'] } });
      expect(await answerTo({ headers })).toEqual(expected);
    });
  });

  it('reads the event from the bytes that were verified, whatever somebody has made of the body', async () => {
    await start({
      platform,
      configure: (nest) => void nest.useGlobalGuards({ canActivate: forgeBody }),
    });
    expect((await app.deliver(settled())).body).toMatchObject({ eventType: 'Settled', data: { id: 'payment-1' } });
  });

  it('an old signature is good only where deliveries are remembered', async () => {
    await start({ platform });
    const guarded = async (delivery: Delivery): Promise<unknown[]> =>
      codeOf(await deliver(`${app.url}/webhooks/guarded`, settled(), delivery));
    expect(await guarded({ now: ago(4 * MINUTE) })).toEqual([201, undefined]);
    expect(await guarded({ now: ago(6 * MINUTE) })).toEqual(TOO_OLD);
    await app.close();
    await start({ platform, webhook: { deliveries: false } });
    expect(await answerTo({ now: ago(6 * MINUTE) })).toEqual(TOO_OLD);
    expect(await answerTo({ now: ago(4 * MINUTE) })).toEqual(GOOD);
  });

  it('an event where nothing verified one is a 500 that says so', async () => {
    await start({ platform });
    expect(await app.send('/webhooks/unguarded', { method: 'POST', body: settled() })).toMatchObject({
      status: 500,
      body: { code: 'COINFLOW_MISCONFIGURED' },
    });
  });

  describe('without a raw body', () => {
    it('a delivery is a 500, never a bad signature, and nothing is said before', async () => {
      await start({ platform, rawBody: false });
      expect([...app.logger.at('warn'), ...app.logger.at('error')]).toEqual([]);
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(await answerTo({ headers: { 'content-type': 'text/plain' } })).toEqual(UNSUPPORTED);
    });

    it('no body at all is no missing raw body', async () => {
      await start({ platform });
      const headers = { 'content-type': 'application/json' };
      const answer = codeOf(await app.send('/webhooks', { method: 'POST', headers }));
      expect(answer).toEqual(platform === 'express' ? INVALID : BAD_REQUEST);
    });
  });
});

describe('bodies that are not what Nest makes of them', () => {
  it('a body of bytes is the raw body: express.raw()', async () => {
    await start({ rawBody: false, configure: (nest) => void nest.use(raw({ type: 'application/json' })) });
    expect(await answerTo({})).toEqual(GOOD);
    expect(await answerTo({ key: 'other' })).toEqual(INVALID);
  });

  it('a body of bytes is the raw body: a parser of Fastify that gives them, and that the start does not call', async () => {
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
    expect(await answerTo({})).toEqual(GOOD);
    expect(await answerTo({ key: 'other' })).toEqual(INVALID);
    expect(parsed).toBe(2);
  });

  it('a Uint8Array that is no Buffer is a raw body, as serverless adapters give it', () => {
    const bytes = new Uint8Array(Buffer.from('{}'));
    expect(rawBodyOf({ headers: { 'content-type': 'application/json' }, body: bytes })).toBe(bytes);
    const headers = { 'content-type': 'application/json', 'content-length': '2' };
    for (const body of ['{}', {}, [1, 2]]) {
      expect(() => rawBodyOf({ headers, body })).toThrow(expect.objectContaining({ reason: 'raw-body-missing' }));
    }
  });

  it.each(PLATFORMS)(
    'a body of more than 100 kB is accepted with the limit that the docs raise on %s',
    async (platform) => {
      const large = { raw: JSON.stringify(settled({ fill: 'x'.repeat(500_000) })) };
      await start({ platform });
      expect(await answerTo(large)).toEqual(platform === 'express' ? TOO_LARGE : GOOD);
      await app.close();
      await start({
        platform,
        configure: (nest) => {
          if (platform === 'express') (nest as NestExpressApplication).useBodyParser('json', { limit: '1mb' });
        },
      });
      expect(await answerTo(large)).toEqual(GOOD);
    },
  );
});

describe('on Express', () => {
  it('a parser of JSON that runs before Nest’s leaves no raw body: 500, never a bad signature', async () => {
    await start({ configure: (nest) => void nest.use(json()) });
    expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
  });
});

describe('a function as webhook.keys', () => {
  const UNAVAILABLE = [503, 'COINFLOW_WEBHOOK_UNAVAILABLE'];

  it('is asked for each webhook, and may give one key or several, at once or later', async () => {
    const given = [WEBHOOK_KEY, Promise.resolve(OLD_KEY), [OLD_KEY, WEBHOOK_KEY]];
    await start({ webhook: { keys: () => given.shift()! } });
    expect([await answerTo({}), await answerTo({}), await answerTo({})]).toEqual([GOOD, INVALID, GOOD]);
    expect(given).toEqual([]);
  });

  it.each<[string, () => Promise<string>]>([
    ['rejects', () => Promise.reject(new Error(WEBHOOK_KEY))],
    [
      'throws',
      () => {
        throw new Error(WEBHOOK_KEY);
      },
    ],
  ])('that %s is a 503, and what it threw is not logged', async (_, keys) => {
    await start({ webhook: { keys } });
    expect(await answerTo({})).toEqual(UNAVAILABLE);
    expect(app.logger.at('error')).toEqual([expect.stringContaining('webhook-keys-function-failed')]);
    expect(app.logger.lines.map(({ text }) => text).join()).not.toContain('canary');
  });

  it.each([undefined, null, '', [], [''], [WEBHOOK_KEY, ''], [` ${OLD_KEY}`, WEBHOOK_KEY], 5, {}])(
    'that gives %p is a 500',
    async (keys) => {
      await start({ webhook: { keys: () => keys as string } });
      expect(await answerTo({})).toEqual([500, 'COINFLOW_MISCONFIGURED']);
      expect(app.logger.lines.map(({ text }) => text).join()).not.toContain('canary');
    },
  );
});

describe('the log and the figures', () => {
  const figures = (): unknown => app.app.get(CoinflowWebhooks).metrics();

  it('a failed proof is one warning, of which nothing is the sender’s, and is counted', async () => {
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
    expect(app.logger.lines.map(({ text }) => text).join()).not.toMatch(/attacker|canary/);
    expect(figures()).toMatchObject({ rejected: 3, tooOld: 0, succeeded: 0 });
  });

  it('signed but too old is an error, and so is what is proven and no event', async () => {
    await start({});
    await app.deliver(settled(), { now: ago(38 * HOUR) });
    await app.deliver({}, { raw: '{"eventType":""}' });
    expect(app.logger.at('error')).toEqual([
      expect.stringMatching(/too-old\] An event of Coinflow’s was refused/),
      expect.stringContaining('[COINFLOW_WEBHOOK_MALFORMED: event-type-missing]'),
    ]);
    expect(app.logger.at('warn')).toEqual([]);
    expect(figures()).toMatchObject({ rejected: 0, tooOld: 1, malformed: 1 });
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

  /** Closes what starts against expectation, so that the failure ends. */
  async function boot(controller: Type): Promise<string> {
    const started = await createTestApp({ controllers: [controller] });
    await started.close();
    return 'started';
  }

  beforeEach(() => start());

  it.each([EchoController, GuardedController])(
    'refuses to start without a key, and names the variable: %p',
    async (one) => {
      await expect(boot(one)).rejects.toMatchObject({
        code: 'COINFLOW_MISCONFIGURED',
        reason: 'webhook-key-missing',
        message: expect.stringContaining(`${one.name}.receive`),
        action: expect.stringContaining('COINFLOW_WEBHOOK_VALIDATION_KEY'),
      });
    },
  );

  it('refuses to start with another status than 200, which would acknowledge nothing', async () => {
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

  it('refuses to start for an instance that is not there', async () => {
    await expect(boot(OtherController)).rejects.toMatchObject({
      message: expect.stringContaining('OtherController.receive'),
      reason: 'module-missing',
    });
  });
});
