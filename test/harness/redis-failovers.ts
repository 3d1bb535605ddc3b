import { RedisCluster, RedisSentinel } from './redis-deployments.js';
import { RedisServer, type RedisClient } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';
import { now } from './webhook-runs.js';

/** How many keys are lost with a primary, at least. */
const LOST_KEYS = 200;

/** A deployment of Redis whose primary can move to another server, and back. */
export interface RedisDeployment<Address = object> {
  /** What test/processes/failover-process.mjs connects to. */
  readonly address: Address;
  /** Another server becomes the primary, and no write is lost. Resolves when the old one replicates it. */
  failOver(): Promise<void>;
  /**
   * Kills the primary; resolves when another server has become the primary.
   * @returns when it was killed
   */
  killPrimary(): Promise<number>;
  kill(): Promise<void>;
}

/** A connection for one question or command. */
async function ask<T>(server: RedisServer, question: (client: RedisClient) => Promise<T>): Promise<T> {
  const client = await server.connect();
  try {
    return await question(client);
  } finally {
    client.destroy();
  }
}

const command = (server: RedisServer, ...words: string[]): Promise<unknown> =>
  ask(server, (client) => client.sendCommand(words));

async function replication(server: RedisServer): Promise<string> {
  return ask(server, (client) => client.info('replication')).catch(() => '');
}

const isPrimary = async (server: RedisServer): Promise<boolean> => (await replication(server)).includes('role:master');
const isReplicating = async (server: RedisServer): Promise<boolean> =>
  (await replication(server)).includes('master_link_status:up');

/** Holds up writes, so that the replica has all there are. */
async function pauseWrites(primary: RedisServer, replica: RedisServer): Promise<void> {
  await command(primary, 'CLIENT', 'PAUSE', '60000', 'WRITE');
  const offsetOf = async (server: RedisServer) => /master_repl_offset:\d+/.exec(await replication(server))?.[0];
  await until(async () => (await offsetOf(primary)) === (await offsetOf(replica)));
}

/** Makes a primary whose writes are paused the replica of another. What was held up is answered `READONLY`. */
async function demote(primary: RedisServer, promoted: RedisServer): Promise<void> {
  await command(primary, 'REPLICAOF', '127.0.0.1', String(promoted.port));
  await command(primary, 'CLIENT', 'UNPAUSE');
}

/** Which of two servers is the primary now. */
async function rolesOf(servers: readonly [RedisServer, RedisServer]): Promise<[RedisServer, RedisServer]> {
  const [one, other] = servers;
  return (await isPrimary(one)) ? [one, other] : [other, one];
}

/**
 * A primary and a replica, behind an address that an operator moves. Connections to a demoted primary stay open. The last
 * writes before a primary is killed are lost.
 */
export async function startMovingAddress(): Promise<RedisDeployment> {
  const first = await RedisServer.start();
  const second = await RedisServer.start(['--replicaof', `127.0.0.1 ${first.port}`]);
  await until(() => isReplicating(second));
  const proxy = await TcpProxy.start(first.port);
  const servers = [first, second] as const;
  return {
    address: { url: `redis://127.0.0.1:${proxy.port}` },
    async failOver() {
      const [primary, replica] = await rolesOf(servers);
      await pauseWrites(primary, replica);
      await command(replica, 'REPLICAOF', 'NO', 'ONE');
      await demote(primary, replica);
      proxy.target = replica.port;
      await until(() => isReplicating(primary));
    },
    async killPrimary() {
      const [primary, replica] = await rolesOf(servers);
      // What is written between here and the kill is lost, as when a replica lags behind.
      await command(replica, 'REPLICAOF', 'NO', 'ONE');
      const keys = await ask(primary, (client) => client.dbSize());
      await until(async () => (await ask(primary, (client) => client.dbSize())) >= keys + LOST_KEYS);
      await primary.kill();
      const killedAt = now();
      proxy.target = replica.port;
      return killedAt;
    },
    async kill() {
      proxy.close();
      await Promise.all(servers.map((server) => server.kill()));
    },
  };
}

/** A primary and a replica that a sentinel watches. */
export async function startSentinel(): Promise<RedisDeployment> {
  const deployment = await RedisSentinel.start();
  const { name, sentinel } = deployment;
  const servers = [deployment.primary, deployment.replica] as const;
  const isKnown = async ({ port }: RedisServer): Promise<boolean> =>
    String(await command(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)).endsWith(`,${port}`);
  return {
    address: { sentinel: { name, nodes: [{ host: '127.0.0.1', port: sentinel.port }] } },
    async failOver() {
      const [primary, replica] = await rolesOf(servers);
      // SENTINEL FAILOVER alone leaves the old primary writable for several seconds, and loses what is written there.
      await pauseWrites(primary, replica);
      await command(sentinel, 'SENTINEL', 'FAILOVER', name);
      await until(async () => (await isPrimary(replica)) && (await isKnown(replica)));
      await demote(primary, replica);
      await until(() => isReplicating(primary));
    },
    async killPrimary() {
      const [primary, replica] = await rolesOf(servers);
      await primary.kill();
      const killedAt = now();
      await until(async () => (await isPrimary(replica)) && (await isKnown(replica)));
      return killedAt;
    },
    kill: () => deployment.kill(),
  };
}

/** A cluster of three primaries, one of them with a replica. */
export async function startCluster(): Promise<RedisDeployment<{ cluster: { host: string; port: number }[] }>> {
  const cluster = await RedisCluster.start(1);
  const [first, , , replicaOfFirst] = cluster.nodes;
  if (!first || !replicaOfFirst) throw new Error('The cluster has no replica');
  const servers = [first, replicaOfFirst] as const;
  return {
    address: { cluster: cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })) },
    async failOver() {
      const [primary, replica] = await rolesOf(servers);
      await command(replica, 'CLUSTER', 'FAILOVER');
      await until(() => isPrimary(replica));
      await until(() => isReplicating(primary));
    },
    async killPrimary() {
      const [primary, replica] = await rolesOf(servers);
      await primary.kill();
      const killedAt = now();
      await until(() => isPrimary(replica));
      return killedAt;
    },
    kill: () => cluster.kill(),
  };
}
