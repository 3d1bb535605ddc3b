import { RedisCluster, RedisSentinel } from './redis-deployments.js';
import { RedisServer, type RedisClient } from './redis-server.js';
import { TcpProxy } from './tcp-proxy.js';
import { until } from './until.js';
import { now } from './webhook-runs.js';

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

/** Which of two servers is the primary now. */
async function rolesOf(servers: readonly [RedisServer, RedisServer]): Promise<[RedisServer, RedisServer]> {
  const [one, other] = servers;
  return (await isPrimary(one)) ? [one, other] : [other, one];
}

/** A primary and a replica, behind an address that an operator moves. Connections to the old primary stay open. */
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
      await command(primary, 'FAILOVER', 'TO', '127.0.0.1', String(replica.port));
      await until(() => isPrimary(replica));
      proxy.target = replica.port;
      await until(() => isReplicating(primary));
    },
    async killPrimary() {
      const [primary, replica] = await rolesOf(servers);
      await primary.kill();
      const killedAt = now();
      await command(replica, 'REPLICAOF', 'NO', 'ONE');
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
      await command(primary, 'CLIENT', 'PAUSE', '10000', 'WRITE');
      await command(sentinel, 'SENTINEL', 'FAILOVER', name);
      await until(async () => (await isPrimary(replica)) && (await isKnown(replica)));
      await command(primary, 'REPLICAOF', '127.0.0.1', String(replica.port));
      await command(primary, 'CLIENT', 'UNPAUSE');
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
