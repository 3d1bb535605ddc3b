import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe } from '@jest/globals';
import { createClient, type RedisClientType as RedisClient } from '@redis/client';
import { endProcess, freePort } from './server-process.js';

export type { RedisClient };

/** Whether openssl is installed, which tests of TLS need to create a certificate. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const hasRedis = spawnSync('redis-server', ['--version']).status === 0;

/** `npm test` installs Redis where it can. Without Redis these tests are skipped, and fail with `CI=true`. */
export function describeWithRedis(name: string, suite: () => void): void {
  (hasRedis || process.env.CI === 'true' ? describe : describe.skip)(name, suite);
}

/** A Redis server of a test, which can kill and restart it. It writes nothing to disk. */
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

  /** @param settings options of redis-server, besides the port */
  static async start(settings: readonly string[] = []): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings);
    await server.start();
    return server;
  }

  /** @param file the configuration, which the sentinel rewrites */
  static async startSentinel(file: string): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), [], [file, '--sentinel']);
    await server.start();
    return server;
  }

  /** Starts, or starts again at the same port. */
  async start(): Promise<void> {
    // A replica does not write the data of its primary either.
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

  /** A connected client, as an application creates it. */
  async connect(): Promise<RedisClient> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: 20 } });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Kills the server at once. Its data is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child) await endProcess(child, 'SIGKILL');
  }

  /** Makes the server accept connections but not respond, until `resume()`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }
}

/** The number of calls of a command. */
export async function countCommands(client: RedisClient, name: string): Promise<number> {
  return Number(new RegExp(`cmdstat_${name}:calls=(\\d+)`).exec(await client.info('commandstats'))?.[1] ?? 0);
}
