import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertBuilt, killProcess, startProcess, type ListeningProcess } from './harness/listening-process.js';
import { startCluster, startMovingAddress, startSentinel, type RedisDeployment } from './harness/redis-failovers.js';
import { describeWithRedis } from './harness/redis-server.js';
import { WebhookLoad } from './harness/webhook-load.js';
import { WebhookRuns, isDuringLease, overlapsOf } from './harness/webhook-runs.js';
import { WEBHOOK_KEY, settled } from './harness/webhooks.js';

const REPLICAS = 4;
const CONSUMERS = ['billing', 'mailing'];
const EVENTS = 300;
const EVERY_MS = 20;
/** The event after which the failover begins. */
const FAILOVER_AT = 75;
/** Longer than a lease, which is ten seconds. */
const LONG_MS = 11_500;
const TIMEOUT_MS = 90_000;

/** How long the handlers of an event take: some longer than a lease, from before the failover until after it. */
function holdMsOf(index: number): number {
  if (index <= 100 && index % 25 === 0) return LONG_MS;
  return index % 5 === 1 ? 1_500 : 20;
}

const figures: string[] = [];

describeWithRedis('a failover of Redis under load (skipped without redis-server)', () => {
  beforeAll(() => assertBuilt());

  afterAll(() => void process.stdout.write(`${figures.join('\n')}\n`));

  describe.each<[string, () => Promise<RedisDeployment>, string[]]>([
    ['a moving address', startMovingAddress, ['url', 'node-redis', 'ioredis']],
    ['a sentinel', startSentinel, ['node-redis', 'ioredis']],
    ['a cluster', startCluster, ['node-redis', 'ioredis']],
  ])('of %s', (name, start, clients) => {
    const groups = CONSUMERS.flatMap((consumer) => clients.map((client) => `${consumer}/${client}`));
    let redis: RedisDeployment | undefined;
    let replicas: ListeningProcess[] = [];
    let runs: WebhookRuns;

    beforeAll(async () => {
      redis = await start();
      const env = { REDIS: JSON.stringify({ ...redis.address, clients }), WEBHOOK_KEY };
      const startReplica = () => startProcess('test/processes/failover-process.mjs', env);
      replicas = await Promise.all(Array.from({ length: REPLICAS }, startReplica));
      runs = new WebhookRuns(replicas);
    }, TIMEOUT_MS);

    afterAll(async () => {
      await Promise.all(replicas.map(killProcess));
      await redis?.kill();
    });

    const newLoad = (): WebhookLoad => new WebhookLoad(replicas.map(({ url }) => url));

    /**
     * Sends every event to both consumers, and some to two replicas at once, with a failover in between.
     * @returns what the replicas answered, and what the failover resolved with
     */
    async function sendDuring<T>(kind: string, failOver: () => Promise<T>): Promise<[WebhookLoad, T | undefined]> {
      runs.clear();
      const load = newLoad();
      const sent: Promise<void>[] = [];
      let failedOver: Promise<T> | undefined;
      for (let index = 0; index < EVENTS; index += 1) {
        const event = `${kind}-${index}`;
        const body = JSON.stringify(settled({ id: event, holdMs: holdMsOf(index) }));
        for (const copy of index % 5 === 0 ? [0, 1] : [0])
          for (const group of groups) sent.push(load.deliver(event, body, group, index + copy));
        if (index === FAILOVER_AT) failedOver = failOver();
        await delay(EVERY_MS);
      }
      try {
        const [result] = await Promise.all([failedOver, ...sent]);
        return [load, result];
      } finally {
        load.stop();
      }
    }

    /** Prints what happened in both consumers that one kind of client serves. */
    function report(kind: string, client: string, { answers }: WebhookLoad): void {
      const all = CONSUMERS.map((consumer) => runs.of(`${consumer}/${client}`));
      const count = all.flat().length;
      const of = answers.filter(({ group }) => group.endsWith(`/${client}`));
      const [unavailable, busy] = ['STORE_UNAVAILABLE', 'BUSY'].map((code) =>
        of.filter((answer) => answer.code === `COINFLOW_WEBHOOK_${code}`).map(({ at }) => at),
      ) as [number[], number[]];
      const seconds = unavailable.length > 0 ? (Math.max(...unavailable) - Math.min(...unavailable)) / 1_000 : 0;
      figures.push(
        `${name}, ${kind}, ${client}: ${EVENTS} events in each of ${CONSUMERS.length} consumers, ${of.length} deliveries, ` +
          `${count} runs, of which ${count - EVENTS * CONSUMERS.length} needless; ${all.flatMap(overlapsOf).length} overlaps; ` +
          `503 (store unavailable) ${unavailable.length} times within ${seconds.toFixed(1)} s; 503 (busy) ${busy.length} times`,
      );
    }

    /** Every event has run to its end in every consumer before it was acknowledged. */
    function expectNoneLost({ answers }: WebhookLoad): void {
      // 0 is a sender that has hung up, as Coinflow does after five seconds.
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503, 0]));
      for (const group of groups) {
        const endedAt = new Map<string, number>();
        for (const { event, endedAt: at } of runs.of(group))
          endedAt.set(event, Math.min(at, endedAt.get(event) ?? Infinity));
        expect({ group, events: endedAt.size }).toEqual({ group, events: EVENTS });
        const acknowledged = answers.filter((answer) => answer.group === group && answer.status === 200);
        const early = acknowledged.filter(({ event, at }) => at < (endedAt.get(event) ?? Infinity));
        expect({ group, early }).toEqual({ group, early: [] });
      }
    }

    /**
     * Every replica takes an event of every consumer, over the connections that it has. A second try is for a process that was
     * not scheduled for a second.
     */
    async function expectAllAccept(kind: string): Promise<void> {
      const load = newLoad();
      const sent = replicas.flatMap((_, replica) => {
        const body = JSON.stringify(settled({ id: `${kind}-after-${replica}`, holdMs: 0 }));
        return groups.map(async (group) => {
          const first = await load.send(body, group, replica);
          const last = first.status === 200 ? first : await load.send(body, group, replica);
          return { group, replica, ...last };
        });
      });
      expect((await Promise.all(sent)).filter(({ status }) => status !== 200)).toEqual([]);
    }

    function expectNoOverlap(killedAt?: number): void {
      for (const group of groups) {
        const overlaps = overlapsOf(runs.of(group));
        const duringLease = overlaps.filter((pair) => isDuringLease(pair, killedAt));
        expect({ group, duringLease }).toEqual({ group, duringLease: [] });
        // A run whose lease was lost with the primary learns it.
        const uninformed = overlaps.filter(
          ([first]) => first.lostAt === undefined && first.endedAt - first.startedAt >= LONG_MS,
        );
        expect({ group, uninformed }).toEqual({ group, uninformed: [] });
      }
    }

    it.each<[string, () => Promise<number | undefined>]>([
      ['planned', () => redis!.failOver().then(() => undefined)],
      ['a primary that is killed', () => redis!.killPrimary()],
    ])(
      'loses no event, and runs none twice at a time while its lease is renewed: %s',
      async (kind, failOver) => {
        const [load, killedAt] = await sendDuring(kind, failOver);
        for (const client of clients) report(kind, client, load);
        expectNoneLost(load);
        expectNoOverlap(killedAt);
        await expectAllAccept(kind);
      },
      TIMEOUT_MS,
    );
  });
});
