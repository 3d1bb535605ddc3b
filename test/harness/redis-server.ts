import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe } from '@jest/globals';
import { createClient, type RedisClientType as RedisClient } from '@redis/client';
import { freePort } from './free-port.js';

export type { RedisClient };

/** Whether a certificate can be made: what a test of TLS needs. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** `npm test` installs Redis where it can; where it cannot, it says so, and a CI must not pass without it. */
export function describeWithRedis(name: string, suite: () => void): void {
  (hasRedis || process.env.CI === 'true' ? describe : describe.skip)(name, suite);
}

/** A Redis of the test's own, which it can kill and bring back. It writes nothing to a disk. */
export class RedisServer {
  readonly url: string;
  #process: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly settings: readonly string[],
    private readonly sentinel?: readonly string[],
  ) {
    this.url = `redis://127.0.0.1:${port}`;
  }

  /** @param settings of redis-server, beside the port */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.start();
    return server;
  }

  /** @param file its configuration, which it rewrites */
  static async startSentinel(file: string): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [], [file, '--sentinel']);
    await server.start();
    return server;
  }

  /** Starts, or starts again at the same port. */
  async start(): Promise<void> {
    // Not even what a replica is sent.
    const memory = ['--save', '', '--appendonly', 'no', '--repl-diskless-load', 'swapdb'];
    const address = ['--port', String(this.port), '--bind', '127.0.0.1'];
    const args = this.sentinel ? [...this.sentinel, ...address] : [...address, ...memory, ...this.settings];
    const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject).once('exit', () => reject(new Error('redis-server has ended')));
      const lines = createInterface({ input: child.stdout });
      lines.on('line', (line) => /Ready to accept connections|Sentinel ID is/.test(line) && resolve());
    });
  }

  /** A client, connected, as an application would make one. */
  async connect(): Promise<RedisClient> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: 20 } });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Kills it at once: what it knew is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise((resolve) => child.once('exit', resolve) && child.kill('SIGKILL'));
  }

  /** Makes it accept connections and answer nothing, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }
}

/** How often a command has run. */
export async function countCommands(client: RedisClient, name: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await client.info('commandstats'))?.[1] ?? 0);
}
