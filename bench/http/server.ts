import { strictEqual } from 'node:assert';
import type { ChildProcess } from 'node:child_process';
import type { Platform } from '../choices.js';
import { nextMessage, startModule, stopModule } from '../measuring/subprocess.js';
import { forged } from '../sessions/session-keys.js';
import { ANSWER } from './controllers.js';
import type { CpuTime, ServerReady } from './server-process.js';
import type { Upstream, Variant } from './variants/variant.js';

/** Enough credentials that caching one of them has no visible effect. */
const CREDENTIALS = 1_000;

/** The server of a variant, as the measuring process sees it. */
export class Server {
  private constructor(
    readonly variant: Variant,
    readonly ready: ServerReady,
    private readonly child: ChildProcess,
  ) {}

  static async start(variant: Variant, platform: Platform, upstream: Upstream): Promise<Server> {
    const args = [variant.name, platform, JSON.stringify(upstream), String(CREDENTIALS)];
    const child = startModule(new URL('./server-process.js', import.meta.url), { args });
    try {
      return new Server(variant, await nextMessage<ServerReady>(child), child);
    } catch (error) {
      await stopModule(child);
      throw error;
    }
  }

  /** CPU time of the server so far, in microseconds. */
  async cpuUs(): Promise<number> {
    const answer = nextMessage<CpuTime>(this.child);
    this.child.send('cpu');
    return (await answer).us;
  }

  /**
   * Checks that the variant accepts a valid credential and rejects a forged one: otherwise its measurements mean nothing.
   * @throws when it does not
   */
  async assertWorks(): Promise<void> {
    const { header, credentials } = this.ready;
    const good = credentials.at(-1) ?? '';
    const statusOf = async (headers: Record<string, string>): Promise<number> => {
      const response = await fetch(this.ready.url, { headers });
      const text = await response.text();
      if (response.ok) strictEqual(text, JSON.stringify(ANSWER), `${this.variant.name}: unexpected body`);
      return response.status;
    };
    const refusal = this.variant.refuses ? 401 : 200;
    strictEqual(await statusOf({ [header]: good }), 200, `${this.variant.name}: a valid credential`);
    strictEqual(await statusOf({ [header]: forged(good) }), refusal, `${this.variant.name}: a forged credential`);
    strictEqual(await statusOf({}), refusal, `${this.variant.name}: no credential`);
  }

  stop(): Promise<void> {
    return stopModule(this.child);
  }
}
