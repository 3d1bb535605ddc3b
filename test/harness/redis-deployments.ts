import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './server-process.js';
import { RedisServer, type RedisClient } from './redis-server.js';
import { until } from './until.js';

const SLOTS = 16_384;
const PRIMARIES = 3;

/** A cluster of three primaries, with replicas of the first. */
export class RedisCluster {
  private constructor(
    readonly nodes: readonly RedisServer[],
    private readonly folder: string,
  ) {}

  /** @param replicas how many servers replicate the first primary; in `nodes` they follow the primaries */
  static async start(replicas = 0): Promise<RedisCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'redis-cluster-'));
    const buses = await Promise.all(Array.from({ length: PRIMARIES + replicas }, () => freePort()));
    const nodes = await Promise.all(
      buses.map((bus, i) =>
        RedisServer.start(
          Object.entries({
            '--cluster-enabled': 'yes',
            '--cluster-port': String(bus),
            '--cluster-config-file': join(folder, `nodes-${i}.conf`),
            '--dir': folder,
            '--cluster-node-timeout': '2000',
          }).flat(),
        ),
      ),
    );
    const clients = await Promise.all(nodes.map((node) => node.connect()));
    for (const [i, client] of clients.entries()) {
      const [from, to] = [i, i + 1].map((part) => Math.floor((SLOTS * part) / PRIMARIES)) as [number, number];
      if (i < PRIMARIES) await client.sendCommand(['CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1)]);
      await clients[0]?.sendCommand(['CLUSTER', 'MEET', '127.0.0.1', String(nodes[i]?.port), String(buses[i])]);
    }
    const isKnown = async (client: RedisClient): Promise<boolean> => {
      const info = await client.clusterInfo();
      return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
    };
    for (const client of clients) await until(() => isKnown(client));
    const first = (await clients[0]?.clusterMyId()) ?? '';
    for (const client of clients.slice(PRIMARIES)) {
      await client.sendCommand(['CLUSTER', 'REPLICATE', first]);
      await until(async () => (await client.info('replication')).includes('master_link_status:up'));
    }
    for (const client of clients) client.destroy();
    return new RedisCluster(nodes, folder);
  }

  async kill(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await rm(this.folder, { recursive: true });
  }
}

/** A Redis behind TLS. */
export interface TlsRedis {
  readonly url: string;
  /** The file with its self-signed certificate. A client that trusts it can connect. */
  readonly certificate: string;
  kill(): Promise<void>;
}

export async function startTlsRedis(): Promise<TlsRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'redis-tls-'));
  const [key, certificate, port] = [join(folder, 'key.pem'), join(folder, 'certificate.pem'), await freePort()];
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=127.0.0.1',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  ];
  spawnSync('openssl', [...request, '-keyout', key, '-out', certificate]);
  const files = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-auth-clients', 'no'];
  const server = await RedisServer.start(['--tls-port', String(port), ...files]);
  const kill = async (): Promise<void> => {
    await server.kill();
    await rm(folder, { recursive: true });
  };
  return { url: `rediss://127.0.0.1:${port}`, certificate, kill };
}

/** A primary, its replica, and a sentinel that promotes the replica when the primary is down. */
export class RedisSentinel {
  readonly name = 'main';

  private constructor(
    readonly primary: RedisServer,
    readonly replica: RedisServer,
    readonly sentinel: RedisServer,
    private readonly folder: string,
  ) {}

  static async start(): Promise<RedisSentinel> {
    const folder = await mkdtemp(join(tmpdir(), 'redis-sentinel-'));
    const primary = await RedisServer.start();
    const replica = await RedisServer.start(['--replicaof', `127.0.0.1 ${primary.port}`]);
    const file = join(folder, 'sentinel.conf');
    await writeFile(
      file,
      [
        `sentinel monitor main 127.0.0.1 ${primary.port} 1`,
        'sentinel down-after-milliseconds main 1000',
        'sentinel failover-timeout main 5000',
        `dir ${folder}`,
      ].join('\n'),
    );
    const sentinel = await RedisServer.startSentinel(file);
    const [ofReplica, ofSentinel] = [await replica.connect(), await sentinel.connect()];
    await until(async () => (await ofReplica.info('replication')).includes('master_link_status:up'));
    await until(async () => (await ofSentinel.info('sentinel')).includes('slaves=1'));
    ofReplica.destroy();
    ofSentinel.destroy();
    return new RedisSentinel(primary, replica, sentinel, folder);
  }

  /** Kills the primary and waits until the replica is promoted. */
  async failover(): Promise<void> {
    await this.primary.kill();
    const admin = await this.replica.connect();
    // The sentinel closes the connections of a server whose role changes.
    const role = (): Promise<string> => admin.info('replication').catch(() => '');
    await until(async () => (await role()).includes('role:master'));
    admin.destroy();
  }

  async kill(): Promise<void> {
    await Promise.all([this.sentinel, this.primary, this.replica].map((server) => server.kill()));
    await rm(this.folder, { recursive: true });
  }
}
