import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable, type INestApplication } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { Query, Resolver } from '@nestjs/graphql';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Test } from '@nestjs/testing';
import { startCoinflowEmulator, type CoinflowEmulator } from 'coinflow-emulator';
import {
  CoinflowApi,
  CoinflowApiError,
  CoinflowAuth,
  CoinflowAuthModule,
  CurrentSession,
  InjectCoinflowApi,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { asUser, overrideCoinflowAuth, type TestOverrides } from 'nestjs-coinflow-auth/testing';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { io } from 'socket.io-client';
import { createTestApp, optionsFor } from './harness/create-test-app.js';
import { createGraphQLApp } from './harness/graphql-app.js';
import { keyInData, startMessageService } from './harness/message-service.js';
import { RecordingLogger } from './harness/recording-logger.js';
import { send } from './harness/send.js';

@Injectable()
class Payments {
  constructor(
    readonly here: CoinflowApi,
    @InjectCoinflowApi() readonly alsoHere: CoinflowApi,
    @InjectCoinflowApi('eu') readonly eu: CoinflowApi,
  ) {}
}

@Controller()
class PaymentsController {
  constructor(private readonly payments: Payments) {}

  @Get('pay')
  @CoinflowAuth()
  pay(@CurrentSession() session: CoinflowSession): Promise<unknown> {
    return this.payments.here.post('/checkout/card/{merchantId}', { auth: session, body: { cents: 5 } });
  }

  @Get('eu')
  @CoinflowAuth({ instance: 'eu' })
  eu(@CurrentSession() session: CoinflowSession): Promise<unknown> {
    return this.payments.eu.get('/customer/v2', { auth: session });
  }
}

const running: { close: () => Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.close();
});

describe('CoinflowApi of named instances', () => {
  async function start(async: boolean): Promise<{ app: INestApplication; emulators: CoinflowEmulator[] }> {
    const emulators = [await startCoinflowEmulator(), await startCoinflowEmulator()];
    running.push(...emulators);
    const [here, eu] = emulators.map((emulator, index) => {
      const options = optionsFor(emulator);
      const { merchantId = '', apiKey = '' } = emulator.merchants[index] ?? {};
      return { ...options, merchantId, apiKey };
    });
    if (!here || !eu) throw new Error('There are no options');
    const imports = async
      ? [
          CoinflowAuthModule.forRootAsync({ useFactory: () => Promise.resolve(here) }),
          CoinflowAuthModule.forRootAsync({ name: 'eu', useFactory: () => Promise.resolve(eu) }),
        ]
      : [CoinflowAuthModule.forRoot(here), CoinflowAuthModule.forRoot({ ...eu, name: 'eu' })];
    const module = await Test.createTestingModule({ imports, providers: [Payments] })
      .setLogger(new RecordingLogger())
      .compile();
    const app = await module.createNestApplication().init();
    running.push(app);
    return { app, emulators };
  }

  it.each([
    ['forRoot()', false],
    ['forRootAsync()', true],
  ])(
    'call Coinflow with the API key and for the merchant of their instance, registered with %s',
    async (_, isAsync) => {
      const { app, emulators } = await start(isAsync);
      const [here, eu] = emulators;
      const payments = app.get(Payments);
      expect(payments.alsoHere).toBe(payments.here);
      expect(payments.eu).not.toBe(payments.here);
      await payments.here.get('/merchant', { auth: 'merchant' });
      expect([here?.countCalls('GET /merchant'), eu?.countCalls('GET /merchant')]).toEqual([1, 0]);
      await payments.eu.get('/merchant', { auth: 'merchant' });
      expect([here?.countCalls('GET /merchant'), eu?.countCalls('GET /merchant')]).toEqual([1, 1]);
      expect(eu?.calls).toMatchObject([{ status: 200 }]);
      const ofEu = eu?.merchants[1]?.merchantId ?? '';
      eu?.respond('POST /checkout/totals/{merchantId}', {});
      await payments.eu.post('/checkout/totals/{merchantId}', { auth: 'none' }).catch(() => undefined);
      expect(eu?.calls.at(-1)?.path).toBe(`/api/checkout/totals/${ofEu}`);
    },
  );

  it('close their connections when the application does', async () => {
    const { app, emulators } = await start(false);
    await app.get(Payments).here.get('/merchant', { auth: 'merchant' });
    await app.close();
    // A server closes only when no connection is busy or kept open.
    await emulators[0]?.close();
    expect(emulators[0]?.countCalls('GET /merchant')).toBe(1);
  });
});

describe('CoinflowApi under overrideCoinflowAuth()', () => {
  async function start(overrides?: TestOverrides): Promise<string> {
    const imports = [
      CoinflowAuthModule.forRoot({ env: 'prod', apiKey: 'never used', merchantId: 'never used' }),
      CoinflowAuthModule.forRootAsync({
        name: 'eu',
        useFactory: () => ({ env: 'prod', apiKey: 'never used', merchantId: 'never used' }),
      }),
    ];
    const shop = { imports, controllers: [PaymentsController], providers: [Payments] };
    const module = await overrideCoinflowAuth(Test.createTestingModule(shop), asUser('alice'), overrides).compile();
    const app = module.createNestApplication({ logger: false });
    running.push(app);
    await app.listen(0, '127.0.0.1');
    return app.getUrl();
  }

  it('returns what the test gives, for each instance, and gets the options of the call', async () => {
    const calls: unknown[] = [];
    const url = await start({
      api: {
        'POST /checkout/card/{merchantId}': (options) => {
          calls.push(options);
          return { paymentId: 'payment-1' };
        },
        'GET /customer/v2': () => Promise.resolve({ customer: 'alice' }),
      },
    });
    expect((await send(`${url}/pay`)).body).toEqual({ paymentId: 'payment-1' });
    expect((await send(`${url}/eu`)).body).toEqual({ customer: 'alice' });
    expect(calls).toMatchObject([{ auth: { subject: { userId: 'alice' } }, body: { cents: 5 } }]);
  });

  it('answers the client with the error that the test throws', async () => {
    const blocked = new CoinflowApiError('blocked', {
      reason: 'user-blocked',
      operation: 'POST /checkout/card/{merchantId}',
      status: 423,
      debugId: undefined,
      data: {},
    });
    const url = await start({
      api: {
        'POST /checkout/card/{merchantId}': () => {
          throw blocked;
        },
      },
    });
    expect(await send(`${url}/pay`)).toMatchObject({ status: 423, body: { reason: 'user-blocked' } });
  });

  it.each<[string, TestOverrides | undefined]>([
    ['nothing', undefined],
    ['another operation', { api: { 'GET /merchant': () => ({}) } }],
    ['an inherited name', { api: Object.create({ 'GET /customer/v2': () => ({}) }) as Record<string, () => unknown> }],
  ])('says what is missing when the test gives %s', async (_, overrides) => {
    await start(overrides);
    const app = running.at(-1) as INestApplication;
    const call = app.get(Payments).here.get('/customer/v2', { auth: asUser('alice') });
    await expect(call).rejects.toThrow("The test calls GET /customer/v2: pass { api: { 'GET /customer/v2':");
  });
});

describe('an error of CoinflowApi', () => {
  const operation = 'GET /withdraw' as const;
  const AUTH = { auth: { wallet: `0x${'1'.repeat(40)}`, blockchain: 'eth' } } as const;
  const REASON = { code: 'COINFLOW_API_ERROR', reason: 'verification-required' };
  const refuse = (coinflow: CoinflowEmulator): void =>
    coinflow.fail(operation, { kind: 'status', status: 451, body: { verificationLink: 'canary' } });

  it('has its reason in the extensions of GraphQL', async () => {
    @Resolver()
    class WithdrawResolver {
      constructor(private readonly api: CoinflowApi) {}

      @Query(() => String)
      withdraw(): Promise<unknown> {
        return this.api.get('/withdraw', AUTH);
      }
    }
    const app = await createGraphQLApp({ providers: [WithdrawResolver] });
    running.push(app);
    refuse(app.coinflow);
    const { errors, text } = await app.query('{ withdraw }');
    expect(errors[0]).toMatchObject({ message: 'The identity must be verified first.', extensions: REASON });
    expect(text).not.toContain('canary');
  });

  it('has its reason in the answer of a message handler', async () => {
    @Controller()
    class WithdrawController {
      constructor(private readonly api: CoinflowApi) {}

      @MessagePattern('withdraw')
      withdraw(): Promise<unknown> {
        return this.api.get('/withdraw', AUTH);
      }
    }
    const contexts = { rpc: rpcContext({ sessionKeyOf: keyInData }) };
    const app = await startMessageService({ controllers: [WithdrawController], options: { contexts } });
    running.push(app);
    refuse(app.coinflow);
    const error = await app.request('withdraw').catch((reason: unknown) => reason);
    expect(error).toEqual({ status: 'error', message: 'The identity must be verified first.', ...REASON });
  });

  it('has its reason in the exception of a gateway', async () => {
    @WebSocketGateway()
    class WithdrawGateway {
      constructor(private readonly api: CoinflowApi) {}

      @SubscribeMessage('withdraw')
      withdraw(): Promise<unknown> {
        return this.api.get('/withdraw', AUTH);
      }
    }
    const app = await createTestApp({
      providers: [WithdrawGateway],
      options: { contexts: { ws: webSocketContext() } },
      configure: (nest) => void nest.useWebSocketAdapter(new IoAdapter(nest)),
    });
    running.push(app);
    refuse(app.coinflow);
    const socket = io(app.url, { transports: ['websocket'], forceNew: true, reconnection: false });
    const error = await new Promise((resolve) => {
      socket.on('exception', resolve);
      socket.emit('withdraw');
    });
    socket.close();
    expect(error).toMatchObject({ status: 'error', message: 'The identity must be verified first.', ...REASON });
    expect(JSON.stringify(error)).not.toContain('canary');
  });
});
