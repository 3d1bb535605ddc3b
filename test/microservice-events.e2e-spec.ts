import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Catch, Controller, UseFilters, UseGuards, type ExceptionFilter } from '@nestjs/common';
import { EventPattern, ServerKafka } from '@nestjs/microservices';
import {
  CoinflowAuth,
  CoinflowAuthExceptionFilter,
  CoinflowAuthGuard,
  CoinflowInvalidArgumentError,
  CoinflowOptional,
  CurrentSession,
  type CoinflowDecision,
  type CoinflowSession,
} from 'nestjs-coinflow-auth';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { NEVER, type Observable } from 'rxjs';
import { createTestApp, forge, unseenKey, type TestApp } from './harness/create-test-app.js';
import { TRANSPORTS, keyInData, startMessageService } from './harness/message-service.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { until } from './harness/until.js';

const NOTE = 'payload of the event';
const contexts = { rpc: rpcContext({ sessionKeyOf: keyInData }) };

const handled: string[] = [];

afterEach(() => void handled.splice(0));

interface Order {
  note?: string;
  userId?: string;
}

function handle(event: string, { userId = 'nobody' }: Order): void {
  handled.push(`${event} of ${userId}`);
}

function userOf(session: CoinflowSession | undefined): Order {
  return session?.subject?.kind === 'user' ? { userId: session.subject.userId } : {};
}

@Controller()
class OrdersController {
  @EventPattern('ordered')
  @CoinflowAuth({ maxAgeMs: 0 })
  ordered(@CurrentSession() session: CoinflowSession): void {
    handle('ordered', userOf(session));
  }

  @CoinflowAuth({ subject: 'wallet' })
  @EventPattern('paid')
  paid(order: Order): void {
    handle('paid', order);
  }
}

@CoinflowOptional()
@Controller()
class OptionalController {
  @EventPattern('visited')
  visited(@CurrentSession() session: CoinflowSession | undefined): void {
    handle('visited', userOf(session));
  }
}

@Controller()
class PlainController {
  @EventPattern('plain')
  plain(order: Order): void {
    handle('plain', order);
  }

  @EventPattern('guarded')
  @UseGuards(CoinflowAuthGuard)
  guarded(order: Order): void {
    handle('guarded', order);
  }

  @EventPattern('filtered')
  @UseGuards(CoinflowAuthGuard)
  @UseFilters(CoinflowAuthExceptionFilter)
  filtered(order: Order): void {
    handle('filtered', order);
  }
}

describeWithRedis('events over TCP and Redis', () => {
  let redis: RedisServer;
  let app: TestApp | undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.kill());

  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  // Without inheritAppConfig no global filter of the module runs: the decorators must add it.
  it.each(TRANSPORTS)('drops, logs and counts an event without a valid session key, over %s', async (transport) => {
    const controllers = [OrdersController];
    const service = await startMessageService({
      transport,
      redisPort: redis.port,
      inheritAppConfig: false,
      controllers,
      options: { contexts },
    });
    app = service;
    const decisions: CoinflowDecision[] = [];
    service.service.onDecision((decision) => void decisions.push(decision));
    const key = unseenKey(service.coinflow);
    await service.emit('ordered', { note: NOTE });
    await service.emit('ordered', { sessionKey: forge(key), note: NOTE });
    await service.emit('paid', { sessionKey: key, note: NOTE });
    await until(() => decisions.length === 3);
    await service.emit('ordered', { sessionKey: key, note: NOTE });
    await until(() => handled.length === 1);
    expect(handled).toEqual(['ordered of alice']);
    expect(decisions.map(({ outcome, handler }) => `${handler} ${outcome}`).sort()).toEqual([
      'OrdersController.ordered authenticated',
      'OrdersController.ordered unauthenticated',
      'OrdersController.ordered unauthenticated',
      'OrdersController.paid forbidden',
    ]);
    // One line about each handler and code in a minute, whatever the transport of the event.
    if (transport !== 'TCP') return;
    expect(service.logger.at('warn').sort()).toEqual([
      expect.stringContaining('OrdersController.ordered is dropped [COINFLOW_SESSION_KEY_MISSING]'),
      expect.stringContaining('OrdersController.ordered is dropped [COINFLOW_SESSION_REJECTED]'),
      expect.stringContaining('OrdersController.paid is dropped [COINFLOW_SUBJECT_NOT_ALLOWED]'),
    ]);
    expect(service.logger.at('error')).toEqual([]);
    expect(service.logger.text).not.toMatch(NOTE);
    expect(service.logger.text).not.toContain(key);
  });
});

/** Nest's transport of Kafka, without a broker. A message that is not handled stays in Kafka, which delivers it again. */
class KafkaWithoutBroker extends ServerKafka {
  override listen(callback: () => void): Promise<void> {
    callback();
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }

  /** Rejects if the event is to be delivered again. */
  async deliver(topic: string, data: object): Promise<void> {
    const message = { key: null, value: Buffer.from(JSON.stringify(data)), headers: {}, timestamp: '0', offset: '0' };
    await this.handleMessage({
      topic,
      partition: 0,
      message: { ...message, attributes: 0 },
      heartbeat: () => Promise.resolve(),
      pause: () => () => undefined,
    });
  }
}

describe('events of a broker that delivers what fails again', () => {
  let app: TestApp;
  let kafka: KafkaWithoutBroker;

  const start = async (controllers: (new () => object)[], { inheritAppConfig = false } = {}): Promise<void> => {
    kafka = new KafkaWithoutBroker({});
    app = await createTestApp({
      controllers,
      globalGuard: true,
      options: { contexts, http: { timeoutMs: 400 } },
      configure: (nest) => {
        nest.connectMicroservice({ strategy: kafka }, { inheritAppConfig });
      },
    });
    await app.app.startAllMicroservices();
  };

  afterEach(() => app.close());

  it('gives the handler of an event the session of its key', async () => {
    await start([OrdersController, OptionalController]);
    await kafka.deliver('ordered', { sessionKey: unseenKey(app.coinflow) });
    await kafka.deliver('visited', { sessionKey: unseenKey(app.coinflow, { customerId: 'bob' }) });
    await kafka.deliver('visited', {});
    expect(handled).toEqual(['ordered of alice', 'visited of bob', 'visited of nobody']);
  });

  it('does not deliver an event again that is answered 401 or 403', async () => {
    await start([OrdersController, OptionalController]);
    await expect(kafka.deliver('ordered', {})).resolves.toBeUndefined();
    await expect(kafka.deliver('paid', { sessionKey: unseenKey(app.coinflow) })).resolves.toBeUndefined();
    await expect(kafka.deliver('visited', { sessionKey: 'not a session key' })).resolves.toBeUndefined();
    await expect(kafka.deliver('visited', { sessionKey: 42 })).resolves.toBeUndefined();
    expect(handled).toEqual([]);
    expect(app.service.metrics().decisions.byOutcome).toMatchObject({ unauthenticated: 3, forbidden: 1 });
  });

  it('delivers an event again while Coinflow is down, and runs it afterwards', async () => {
    await start([OrdersController, OptionalController]);
    const event = { sessionKey: unseenKey(app.coinflow), note: NOTE };
    app.coinflow.fail('verify', { kind: 'status', status: 503 });
    await expect(kafka.deliver('ordered', event)).rejects.toEqual({
      status: 'error',
      code: 'COINFLOW_UNAVAILABLE',
      message: 'The service is temporarily unavailable. Try again later.',
    });
    expect(handled).toEqual([]);
    expect(app.logger.text).not.toMatch(/is dropped/);
    app.coinflow.heal();
    await expect(kafka.deliver('ordered', event)).resolves.toBeUndefined();
    expect(handled).toEqual(['ordered of alice']);
  });

  it.each<[status: number, code: string, fault: Parameters<TestApp['coinflow']['fail']>[1]]>([
    [429, 'COINFLOW_BUDGET_EXHAUSTED', { kind: 'status', status: 429 }],
    [404, 'COINFLOW_MISCONFIGURED', { kind: 'status', status: 404 }],
  ])('delivers an event again that Coinflow answers %i, for optional handlers as well', async (_, code, fault) => {
    await start([OrdersController, OptionalController]);
    app.coinflow.fail('verify', fault);
    for (const topic of ['ordered', 'visited']) {
      await expect(kafka.deliver(topic, { sessionKey: unseenKey(app.coinflow) })).rejects.toMatchObject({ code });
    }
    expect(handled).toEqual([]);
  });

  it('drops events for undecorated handlers under APP_GUARD with inheritAppConfig', async () => {
    await start([PlainController], { inheritAppConfig: true });
    for (const topic of ['plain', 'guarded', 'filtered']) {
      await expect(kafka.deliver(topic, {})).resolves.toBeUndefined();
      await expect(kafka.deliver(topic, { sessionKey: unseenKey(app.coinflow) })).resolves.toBeUndefined();
    }
    expect(handled).toEqual(['plain of nobody', 'guarded of nobody', 'filtered of nobody']);
  });

  it('needs CoinflowAuthExceptionFilter beside @UseGuards() without inheritAppConfig', async () => {
    await start([PlainController]);
    await expect(kafka.deliver('filtered', {})).resolves.toBeUndefined();
    await expect(kafka.deliver('guarded', {})).rejects.toMatchObject({ status: 'error' });
    expect(handled).toEqual([]);
    expect(app.logger.at('error').join()).toContain('Protect the handler with @CoinflowAuth()');
  });

  it('leaves the errors of decorated handlers to the filters of the application', async () => {
    const caught: unknown[] = [];
    @Catch()
    class CatchAllFilter implements ExceptionFilter {
      catch(error: unknown): Observable<never> {
        caught.push(error);
        return NEVER;
      }
    }
    const failure = new CoinflowInvalidArgumentError('order', 'must exist');
    @Controller()
    @UseFilters(CatchAllFilter)
    class FailingController {
      @EventPattern('failing')
      @CoinflowOptional()
      failing({ note }: Order): void {
        if (note === NOTE) throw failure;
      }

      @EventPattern('ordered')
      @CoinflowAuth()
      ordered(order: Order): void {
        handle('ordered', order);
      }
    }
    await start([FailingController]);
    void kafka.deliver('failing', { note: NOTE });
    await until(() => caught.length === 1);
    expect(caught).toEqual([failure]);
    // The decorator's filter is nearer to the handler than that of the controller, so the event is dropped all the same.
    await expect(kafka.deliver('ordered', {})).resolves.toBeUndefined();
    expect(caught).toHaveLength(1);
  });

  it('decides for each handler of an event by itself', async () => {
    @Controller()
    class SecondController {
      @EventPattern('paid')
      @CoinflowAuth({ subject: 'user' })
      paid(@CurrentSession() session: CoinflowSession): void {
        handle('paid', userOf(session));
      }
    }
    await start([OrdersController, SecondController]);
    await expect(kafka.deliver('paid', { sessionKey: unseenKey(app.coinflow) })).resolves.toBeUndefined();
    expect(handled).toEqual(['paid of alice']);
  });
});
