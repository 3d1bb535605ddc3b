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

describeWithRedis('four replicas of the sample with one Redis (skipped without redis-server)', () => {
  let agent: Agent;
  let redis: RedisServer;
  let coinflow: CoinflowEmulator;
  let replicas: ListeningProcess[];

  const startReplica = (): Promise<ListeningProcess> => {
    const [merchant] = coinflow.merchants;
    return startProcess('dist/apps/sample/apps/sample/src/main.js', {
      PORT: '0',
      REDIS_URL: redis.url,
      COINFLOW_ENV: 'local',
      COINFLOW_BASE_URL: coinflow.url,
      COINFLOW_API_KEY: merchant?.apiKey ?? '',
      COINFLOW_MERCHANT_ID: merchant?.merchantId ?? '',
      SAMPLE_ALLOW_DEMO_LOGIN: 'true',
      // The budget is not tested here.
      COINFLOW_VERIFICATIONS_PER_MINUTE: '100000',
    });
  };

  beforeAll(async () => {
    assertBuilt();
    coinflow = await startCoinflowEmulator();
    redis = await RedisServer.start();
    replicas = await Promise.all(Array.from({ length: PROCESSES }, startReplica));
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
    await Promise.all(replicas.map(killProcess));
    await redis.kill();
    await coinflow.close();
  });

  /** Sends `GET /catalog` to one replica. Returns the error code, or `undefined` on success. */
  function errorCode(index: number, key: string): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      const url = `${replicas[index % replicas.length]?.url}/catalog`;
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

  const onEveryReplica = (key: string): Promise<(string | undefined)[]> =>
    Promise.all(replicas.map((_, index) => errorCode(index, key)));
  const REVOKED = 'COINFLOW_SESSION_REVOKED';
  const AUTHENTICATED = Array.from({ length: PROCESSES }, () => undefined);
  const ALL_REVOKED = AUTHENTICATED.map(() => REVOKED);

  const callsFor = (): number => coinflow.calls.filter(({ endpoint }) => endpoint === 'verify').length;

  /** The number of endpoint probes: one for each replica that has called Coinflow. */
  const probes = (): number =>
    coinflow.calls.filter(({ endpoint, status }) => endpoint === 'verify' && status === 401).length;

  it('opens two connections to Redis per replica, one of them for messages', async () => {
    const client = await redis.connect();
    expect(await client.clientList()).toHaveLength(2 * PROCESSES + 1);
    client.destroy();
  });

  it('accepts no new key while the endpoint responds with 200 to everything, and sends no 401', async () => {
    coinflow.fail('verify', { kind: 'ok' });
    const keys = replicas.map((_, index) => unseenKey(coinflow, { customerId: `first-${index}` }));
    const forged = forge(unseenKey(coinflow));
    for (const key of [...keys, forged]) {
      expect(new Set(await onEveryReplica(key))).toEqual(new Set(['COINFLOW_MISCONFIGURED']));
    }
    coinflow.heal();
    for (const key of keys) expect(await onEveryReplica(key)).toEqual(AUTHENTICATED);
    expect(new Set(await onEveryReplica(forged))).toEqual(new Set(['COINFLOW_SESSION_REJECTED']));
  });

  it('makes at most one call per replica for a thousand concurrent requests with one new key', async () => {
    const key = unseenKey(coinflow);
    const answers = await Promise.all(Array.from({ length: 1_000 }, (_, index) => errorCode(index, key)));
    expect(new Set(answers)).toEqual(new Set([undefined]));
    // Replicas do not wait for each other, because a replica can die during its call.
    expect(callsFor() - probes()).toBeLessThanOrEqual(PROCESSES);
    coinflow.clearCalls();
    expect(await onEveryReplica(key)).toEqual(AUTHENTICATED);
    expect(callsFor()).toBe(0);
  });

  it('rejects a revoked key on every replica, even after Redis was flushed and a replica restarted', async () => {
    const [key, other] = [unseenKey(coinflow), unseenKey(coinflow, { customerId: 'bob' })];
    for (const one of [key, other]) expect(await onEveryReplica(one)).toEqual(AUTHENTICATED);
    const client = await redis.connect();
    const reads = await countCommands(client, 'hscan');
    const logout = `${replicas[0]?.url}/auth/logout`;
    expect(await send(logout, { method: 'POST', headers: { [SESSION_KEY_HEADER]: key } })).toMatchObject({
      status: 204,
    });
    await until(async () => (await onEveryReplica(key)).every((code) => code === REVOKED));
    // Through a message. The replicas read the list once a second only if a message was lost.
    expect(await countCommands(client, 'hscan')).toBe(reads);
    client.destroy();

    await redis.kill();
    await redis.start();
    expect(await onEveryReplica(key)).toEqual(ALL_REVOKED);
    // Wait until the replicas have noticed the loss and published the revocation again.
    await delay(2_500);
    const [first] = replicas;
    if (first) await killProcess(first);
    replicas[0] = await startReplica();
    // The replica that revoked the key and the data of Redis are gone. The other replicas publish the revocation again.
    expect((await onEveryReplica(key)).slice(1)).toEqual(ALL_REVOKED.slice(1));
    expect(await errorCode(0, key)).toBe(REVOKED);
    expect(await onEveryReplica(other)).toEqual(AUTHENTICATED);
  }, 60_000);

  it('fails no request of a known session while Redis dies, restarts and hangs under load', async () => {
    const keys = Array.from({ length: 20 }, (_, index) => unseenKey(coinflow, { customerId: `user-${index}` }));
    for (const key of keys.slice(0, 5)) expect(await onEveryReplica(key)).toEqual(AUTHENTICATED);
    let isOver = false;
    const answers: (string | undefined)[] = [];
    const load = Array.from({ length: 8 }, async (_, worker) => {
      for (let i = worker; !isOver; i += 1) answers.push(await errorCode(i, keys[i % 5] ?? ''));
    });
    await delay(300);
    await redis.kill();
    await delay(1_000);
    // New keys need a call.
    for (const key of keys.slice(5, 8)) expect(await errorCode(1, key)).toBeUndefined();
    await redis.start();
    await delay(1_500);
    redis.pause();
    await delay(1_000);
    for (const key of keys.slice(8, 11)) expect(await errorCode(2, key)).toBeUndefined();
    redis.resume();
    await delay(500);
    while (answers.length < 1_000) await delay(100);
    isOver = true;
    await Promise.all(load);
    expect(answers.filter((code) => code !== undefined)).toEqual([]);
  }, 60_000);

  describe('an outage of Coinflow under load', () => {
    const NEW_KEYS = 2 * PROCESSES;
    /** Longer than the timeout of a call. */
    const TOO_LATE_MS = 6_000;
    const RATE_LIMITED = { kind: 'rate-limited', afterSeconds: 1 } as const;
    let known: string[];

    beforeAll(async () => {
      const plain = unseenKey(coinflow, { customerId: 'known' });
      known = [plain, ...(await obtain('alice'))];
      for (const key of known) expect(await onEveryReplica(key)).toEqual(AUTHENTICATED);
    });

    /** @returns the plain and the attested key of a logged-in user */
    async function obtain(username: string): Promise<string[]> {
      const url = replicas[0]?.url ?? '';
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
      'sends no 401 for a valid key and accepts known keys during the fault %j',
      async (fault, code) => {
        // Wait until all circuit breakers are closed and no budget is exhausted.
        for (const [index] of replicas.entries()) await until(async () => !(await errorCode(index, newKey())));
        for (const endpoint of ['message', 'session-key', 'verify'] as const) coinflow.fail(endpoint, fault);
        let isOver = false;
        const served = [0, 1, 2].map(async (worker) => {
          const answers: (string | undefined)[] = [];
          for (let i = worker; !isOver; i += 1) answers.push(await errorCode(i, known[i % known.length] ?? ''));
          return answers;
        });
        const newKeys = Array.from({ length: NEW_KEYS }, newKey);
        const codes = await Promise.all(newKeys.map((key, index) => errorCode(index, key)));
        coinflow.heal();
        isOver = true;
        const answers = (await Promise.all(served)).flat();
        expect(answers.length).toBeGreaterThan(0);
        expect(answers.filter((refusal) => refusal !== undefined)).toEqual([]);
        // Later requests meet the open circuit breaker or the pause after another 429.
        expect(codes).toContain(code);
        for (const refusal of codes) expect(['COINFLOW_UNAVAILABLE', 'COINFLOW_BUDGET_EXHAUSTED']).toContain(refusal);
        // No key is in the negative cache afterwards.
        const isAdmitted = async (key: string): Promise<boolean> =>
          (await onEveryReplica(key)).every((refusal) => refusal === undefined);
        for (const key of newKeys) await until(() => isAdmitted(key));
      },
      60_000,
    );

    let serial = 0;
    function newKey(): string {
      return unseenKey(coinflow, { customerId: `new-user-${(serial += 1)}` });
    }
  });
});
