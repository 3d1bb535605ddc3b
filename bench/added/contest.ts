import { spawnSync } from 'node:child_process';
import { Module, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { CoinflowAuthService } from 'nestjs-coinflow-auth';
import { FreshKeys } from '../decision/fresh-keys.js';
import type { Upstream, Variant } from '../http/variants/variant.js';

/** How many keys, and so requests, a round has. */
export const KEYS = 1_000;

export interface Contender {
  readonly name: string;
  readonly variant: Variant;
  readonly controller: ModuleMetadata['controllers'];
  readonly isAttested?: boolean;
}

/** An application in this process, and what to send it. */
export class Contest {
  readonly usOfEachRound: number[] = [];

  private constructor(
    readonly name: string,
    readonly app: NestFastifyApplication,
    private readonly header: string,
    private readonly keys: FreshKeys,
  ) {}

  static async start({ name, variant, controller, isAttested }: Contender, upstream: Upstream): Promise<Contest> {
    const parts = await variant.parts(upstream);
    @Module({ ...parts, controllers: controller })
    class AppModule {}
    const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), { logger: false });
    await app.init();
    const credentials: string[] = [];
    for (let i = 0; i < KEYS; i += 1) {
      const userId = `user-${i}`;
      const credential = isAttested ? await attestedKey(app, userId) : await variant.credential(app, userId, upstream);
      credentials.push(credential);
    }
    return new Contest(name, app, variant.header, new FreshKeys(credentials));
  }

  /** Sends each key once, one request after the other. */
  async round(isMeasured: boolean): Promise<void> {
    const us = await this.usOfRound();
    if (isMeasured) this.usOfEachRound.push(us);
  }

  /** The processor time of a request, in a round of requests with each key once. */
  async usOfRound(): Promise<number> {
    const requests = this.keys.take(KEYS).map((key) => ({ url: '/', headers: { [this.header]: key } }));
    await collectGarbage();
    const before = process.cpuUsage();
    for (const request of requests) {
      const { statusCode } = await this.app.inject(request);
      if (statusCode !== 200) throw new Error(`${this.name}: answered ${statusCode}`);
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / KEYS;
  }
}

/** So that no application is charged for the garbage of another. Requests are released only when the event loop turns. */
async function collectGarbage(): Promise<void> {
  await new Promise(setImmediate);
  global.gc?.({ type: 'minor', execution: 'sync' });
}

async function attestedKey(app: NestFastifyApplication, userId: string): Promise<string> {
  const session = await app.get(CoinflowAuthService).createSessionKey({ userId });
  if (session.attestedKey === undefined) throw new Error('The session has no attested key');
  return session.attestedKey;
}

/** Other processes then disturb all contenders alike. Without `taskset` the scheduler decides. */
export function pinToOneCore(): boolean {
  return spawnSync('taskset', ['-p', '-c', '0', String(process.pid)]).status === 0;
}
