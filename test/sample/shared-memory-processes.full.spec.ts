import { Agent, request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SESSION_KEY_HEADER } from 'nestjs-coinflow-auth';
import { startCoinflowEmulator, type CoinflowEmulator, type EmulatorFault } from 'coinflow-emulator';
import { forge, unseenKey } from '../harness/create-test-app.js';
import { assertBuilt, killProcess, startProcess, type ListeningProcess } from '../harness/listening-process.js';
import { RedisServer, countCommands, describeWithRedis } from '../harness/redis-server.js';
import { send } from '../harness/send.js';
import { until } from '../harness/until.js';

const PROCESSES = 4;
const UNAVAILABLE = 'COINFLOW_UNAVAILABLE';

describeWithRedis('four processes of the sample with one Redis (skipped without redis-server)', () => {
  let agent: Agent;
  let redis: RedisServer;
  let coinflow: CoinflowEmulator;
  let shops: ListeningProcess[];

  const startShop = (): Promise<ListeningProcess> => {
    const [merchant] = coinflow.merchants;
    return startProcess('dist/apps/sample/apps/sample/src/main.js', {
      PORT: '0',
      REDIS_URL: redis.url,
      COINFLOW_ENV: 'local',
      COINFLOW_BASE_URL: coinflow.url,
      COINFLOW_API_KEY: merchant?.apiKey ?? '',
      COINFLOW_MERCHANT_ID: merchant?.merchantId ?? '',
      SAMPLE_ALLOW_DEMO_LOGIN: 'true',
      // Of what is not tried here.
      COINFLOW_VERIFICATIONS_PER_MINUTE: '100000',
    });
  };

  beforeAll(async () => {
    assertBuilt();
    coinflow = await startCoinflowEmulator();
    redis = await RedisServer.start();
    shops = await Promise.all(Array.from({ length: PROCESSES }, startShop));
  }, 120_000);

  beforeEach(async () => {
    if (!redis.isRunning) await redis.start();
    agent = new Agent({ keepAlive: true, maxSockets: 64 });
    coinflow.clearCalls();
  });

  afterEach(() => {
    agent.destroy();
    redis.resume();
  });

  afterAll(async () => {
    await Promise.all(shops.map(killProcess));
    await redis.kill();
    await coinflow.close();
  });

  /** `GET /catalog`, which needs no Redis of its own, of one of the processes: the code of the refusal, or nothing. */
  function visit(index: number, key: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const url = `${shops[index % shops.length]?.url}/catalog`;
      const outgoing = request(url, { agent, headers: { [SESSION_KEY_HEADER]: key } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.once('error', reject).once('end', () => {
          if (response.statusCode === 200) return resolve(undefined);
          resolve((JSON.parse(text) as { code?: string }).code ?? String(response.statusCode));
        });
      });
      outgoing.once('error', reject).end();
    });
  }

  const everywhere = (key: string): Promise<(string | undefined)[]> =>
    Promise.all(shops.map((_, index) => visit(index, key)));
  const REVOKED = 'COINFLOW_SESSION_REVOKED';
  const ADMITTED = Array.from({ length: PROCESSES }, () => undefined);
  const REFUSED = ADMITTED.map(() => REVOKED);

  const callsFor = (): number => coinflow.calls.filter(({ endpoint }) => endpoint === 'verify').length;

  /** The calls with made-up keys: one of each process that has asked at all. */
  const probes = (): number =>
    coinflow.calls.filter(({ endpoint, status }) => endpoint === 'verify' && status === 401).length;

  it('each has two connections to Redis: one that listens can do nothing else', async () => {
    const client = await redis.connect();
    expect(await client.clientList()).toHaveLength(2 * PROCESSES + 1);
    client.destroy();
  });

  it('something that says yes to everything lets nobody in who was not proven before, and is no 401 either', async () => {
    coinflow.fail('verify', { kind: 'ok' });
    const keys = shops.map((_, index) => unseenKey(coinflow, { customerId: `first-${index}` }));
    const junk = forge(unseenKey(coinflow));
    for (const key of [...keys, junk]) {
      expect(new Set(await everywhere(key))).toEqual(new Set(['COINFLOW_MISCONFIGURED']));
    }
    coinflow.heal();
    for (const key of keys) expect(await everywhere(key)).toEqual(ADMITTED);
    expect(new Set(await everywhere(junk))).toEqual(new Set(['COINFLOW_SESSION_REJECTED']));
  });

  it('a thousand requests at once with one new key make one call of each process at most', async () => {
    const key = unseenKey(coinflow);
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => visit(index, key)));
    expect(new Set(answers)).toEqual(new Set([undefined]));
    // Not one: who waits for another process waits in vain if that one dies.
    expect(callsFor() - probes()).toBeLessThanOrEqual(PROCESSES);
    coinflow.clearCalls();
    expect(await everywhere(key)).toEqual(ADMITTED);
    expect(callsFor()).toBe(0);
  });

  it('what one is told to revoke all refuse, also when Redis was flushed and restarted, and a process was', async () => {
    const [key, other] = [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })];
    for (const one of [key, other]) expect(await everywhere(one)).toEqual(ADMITTED);
    const client = await redis.connect();
    const reads = await countCommands(client, 'hscan');
    const logout = `${shops[0]?.url}/auth/logout`;
    expect(await send(logout, { method: 'POST', headers: { [SESSION_KEY_HEADER]: key } })).toMatchObject({
      status: 204,
    });
    await until(async () => (await everywhere(key)).every((code) => code === REVOKED));
    // By a message: nobody has read the list, which is done once a second where a message was lost.
    expect(await countCommands(client, 'hscan')).toBe(reads);
    client.destroy();

    await redis.kill();
    await redis.start();
    expect(await everywhere(key)).toEqual(REFUSED);
    // Until they have noticed, and said it again.
    await delay(2_500);
    const [first] = shops;
    if (first) await killProcess(first);
    shops[0] = await startShop();
    // The one that was told is gone, and Redis with it: the others know, and the new one asks Redis, which knows nothing of it.
    expect((await everywhere(key)).slice(1)).toEqual(REFUSED.slice(1));
    expect(await visit(0, key)).toBe(REVOKED);
    expect(await everywhere(other)).toEqual(ADMITTED);
  }, 60_000);

  it('Redis dies, comes back and hangs under load: no request of a known session fails', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => unseenKey(coinflow, { customerId: `user-${index}` }));
    for (const key of keys.slice(0, 5)) expect(await everywhere(key)).toEqual(ADMITTED);
    let isOver = false;
    const answers: (string | undefined)[] = [];
    const load = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = worker; !isOver; i += 1) answers.push(await visit(i, keys[i % 5] ?? ''));
    });
    await delay(300);
    await redis.kill();
    await delay(1_000);
    // New ones are asked about.
    for (const key of keys.slice(5, 8)) expect(await visit(1, key)).toBeUndefined();
    await redis.start();
    await delay(1_500);
    redis.pause();
    await delay(1_000);
    for (const key of keys.slice(8, 11)) expect(await visit(2, key)).toBeUndefined();
    redis.resume();
    await delay(500);
    while (answers.length < 1_000) await delay(100);
    isOver = true;
    await Promise.all(load);
    expect(answers.filter((code) => code !== undefined)).toEqual([]);
  }, 60_000);

  describe('Coinflow dies under load', () => {
    const STRANGERS = 2 * PROCESSES;
    /** Longer than a call of the sample may take. */
    const TOO_LATE_MS = 6_000;
    const RATE_LIMITED = { kind: 'rate-limited', afterSeconds: 1 } as const;
    let known: string[];

    beforeAll(async () => {
      const plain = unseenKey(coinflow, { customerId: 'known' });
      known = [plain, ...(await obtain('alice'))];
      for (const key of known) expect(await everywhere(key)).toEqual(ADMITTED);
    });

    /** @returns the session key of a user who has logged in, plain and attested */
    async function obtain(username: string): Promise<string[]> {
      const url = shops[0]?.url ?? '';
      const login = await send(`${url}/auth/login`, {
        method: 'POST',
        body: { username, password: `${username}-demo` },
      });
      const { accessToken } = login.body as { accessToken: string };
      const { body } = await send(`${url}/coinflow/session-key`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      const { key, attestedKey } = body as { key: string; attestedKey: string };
      return [key, attestedKey];
    }

    it.each<[EmulatorFault, string]>([
      [{ kind: 'status', status: 500 }, UNAVAILABLE],
      [{ kind: 'status', status: 404 }, UNAVAILABLE],
      [{ kind: 'html', status: 403 }, UNAVAILABLE],
      [{ kind: 'non-json' }, UNAVAILABLE],
      [{ kind: 'non-json', status: 401 }, UNAVAILABLE],
      [{ kind: 'raw', status: 401, body: '{"message":' }, UNAVAILABLE],
      [{ kind: 'truncated', status: 401 }, UNAVAILABLE],
      [{ kind: 'reset' }, UNAVAILABLE],
      [{ kind: 'hang' }, UNAVAILABLE],
      [{ kind: 'delay', ms: TOO_LATE_MS }, UNAVAILABLE],
      [RATE_LIMITED, 'COINFLOW_BUDGET_EXHAUSTED'],
      [{ ...RATE_LIMITED, retryAfter: 'date' }, 'COINFLOW_BUDGET_EXHAUSTED'],
      [{ ...RATE_LIMITED, retryAfter: 'none' }, 'COINFLOW_BUDGET_EXHAUSTED'],
    ])(
      '%j: no 401 for a valid key, and known ones go on',
      async (fault, code) => {
        // The breakers are closed, and no budget is.
        for (const [index] of shops.entries()) await until(async () => !(await visit(index, stranger())));
        for (const endpoint of ['message', 'session-key', 'verify'] as const) coinflow.fail(endpoint, fault);
        let isOver = false;
        const served = [0, 1, 2].map(async (worker) => {
          const answers: (string | undefined)[] = [];
          for (let i = worker; !isOver; i += 1) answers.push(await visit(i, known[i % known.length] ?? ''));
          return answers;
        });
        const strangers = Array.from({ length: STRANGERS }, stranger);
        const refusals = await Promise.all(strangers.map((key, index) => visit(index, key)));
        coinflow.heal();
        isOver = true;
        const answers = (await Promise.all(served)).flat();
        expect(answers.length).toBeGreaterThan(0);
        expect(answers.filter((refusal) => refusal !== undefined)).toEqual([]);
        // Whoever comes when the breaker is open already meets that, or another's 429.
        expect(refusals).toContain(code);
        for (const refusal of refusals)
          expect(['COINFLOW_UNAVAILABLE', 'COINFLOW_BUDGET_EXHAUSTED']).toContain(refusal);
        // And none is held against anybody.
        const isAdmitted = async (key: string): Promise<boolean> =>
          (await everywhere(key)).every((refusal) => refusal === undefined);
        for (const key of strangers) await until(() => isAdmitted(key));
      },
      60_000,
    );

    let serial = 0;
    function stranger(): string {
      return unseenKey(coinflow, { customerId: `stranger-${(serial += 1)}` });
    }
  });
});
