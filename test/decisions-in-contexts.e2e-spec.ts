import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { handlerCalls, type ContextDriver, type RunningContext } from './harness/contexts/context-driver.js';
import { graphqlDriver, graphqlWsDriver } from './harness/contexts/graphql-driver.js';
import { rpcDriver } from './harness/contexts/rpc-drivers.js';
import { SOCKET_DRIVERS } from './harness/contexts/socket-drivers.js';
import { PLATFORMS, unseenKey } from './harness/create-test-app.js';
import {
  ACCEPTED,
  ANSWERS_TO_VERIFY,
  OTHER_REJECTIONS,
  WITHOUT_A_CALL,
  type Decision,
  type HandlerName,
  type PresentedKey,
} from './harness/decision-table.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';

const PAYLOAD = 'payload of the client';

let redis: RedisServer;
let context: RunningContext;

/** Calls a handler, and expects that the call is rejected, that no handler ran, and that the answer says nothing else. */
async function expectRejection(handler: HandlerName, key: PresentedKey, { code, status }: Decision): Promise<void> {
  const answer = await context.send(handler, key, PAYLOAD);
  expect(answer.code).toBe(code);
  if (answer.status !== undefined) expect(answer.status).toBe(status);
  expect(handlerCalls).toEqual([]);
  expect(answer.text).not.toContain(PAYLOAD);
  for (const secret of [key].flat()) if (secret) expect(answer.text).not.toContain(secret);
}

function suiteOf({ name, impossible, start }: ContextDriver): void {
  const possible = <Row extends readonly [title: string, ...unknown[]]>(rows: readonly Row[]): Row[] =>
    rows.filter(([title]) => !(title in impossible));

  describe(`decisions in ${name}`, () => {
    // Nothing is cached or counted for a key that is rejected without a call, so the rows can share an application.
    describe('without a call', () => {
      beforeAll(async () => {
        context = await start({});
      });

      afterAll(() => context.close());

      it.each(possible(WITHOUT_A_CALL))('rejects %s without a call', async (_, expected, keyFor) => {
        const key = keyFor(context.app);
        await expectRejection('guarded', key, expected);
        if (key) await expectRejection('optional', key, expected);
        expect(context.app.coinflow.countCalls('verify')).toBe(0);
      });
    });

    describe('with calls', () => {
      beforeEach(async () => {
        context = await start({ http: { timeoutMs: 400 } });
      });

      afterEach(async () => {
        handlerCalls.splice(0);
        await context.close();
      });

      it.each(possible(ANSWERS_TO_VERIFY))('maps the response of Verify Token: %s', async (_, expected, fault) => {
        const key = unseenKey(context.app.coinflow);
        context.app.coinflow.fail('verify', fault);
        await expectRejection('guarded', key, expected);
        await expectRejection('optional', key, expected);
      });

      it.each(possible(OTHER_REJECTIONS))('rejects %s', async (_, expected, handler, keyFor) => {
        await expectRejection(handler, await keyFor(context.app), expected);
      });

      it.each(possible(ACCEPTED))('accepts %s', async (_, handler, keyFor) => {
        const answer = await context.send(handler, await keyFor(context.app), PAYLOAD);
        expect(answer).toMatchObject({ code: undefined, text: 'alice' });
        expect(handlerCalls).toEqual([{ handler, payload: PAYLOAD }]);
      });
    });
  });
}

const DRIVERS = [rpcDriver('TCP'), ...PLATFORMS.map(graphqlDriver), graphqlWsDriver, ...SOCKET_DRIVERS];
for (const driver of DRIVERS) suiteOf(driver);

describeWithRedis('with a Redis server', () => {
  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.kill());

  suiteOf(rpcDriver('Redis', () => redis.port));
});

describe('the list of rows that a transport cannot have', () => {
  it('names only rows of the table', () => {
    const titles = [...WITHOUT_A_CALL, ...ANSWERS_TO_VERIFY, ...OTHER_REJECTIONS, ...ACCEPTED].map(([title]) => title);
    const impossible = DRIVERS.flatMap((driver) => Object.keys(driver.impossible));
    expect(titles).toEqual(expect.arrayContaining(impossible));
  });
});
