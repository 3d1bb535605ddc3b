// The server of one variant in its own process: the CPU time of the process is the cost of its requests.
import { Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import axios from 'axios';
import { tellParent } from '../measuring/subprocess.js';
import { AnswerController } from './controllers.js';
import { variantNamed } from './variants/all-variants.js';
import type { Upstream, Variant } from './variants/variant.js';

const CLIENT_CALLS = 1_000;

export interface ServerReady {
  readonly url: string;
  readonly header: string;
  /** Values of the header, each for a different user. */
  readonly credentials: readonly string[];
}

/** CPU time so far, in microseconds. */
export interface CpuTime {
  readonly us: number;
}

async function createApp(variant: Variant, platform: string, upstream: Upstream): Promise<INestApplication> {
  const parts = await variant.parts(upstream);
  @Module({ controllers: [AnswerController], ...parts })
  class AppModule {}
  const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
  return NestFactory.create(AppModule, adapter, { logger: false });
}

/**
 * Every application calls other services, too. A process in which Node has been a client is slower as a server, since its
 * streams are of more kinds then: without this, only the variants with outgoing calls would pay for it.
 */
async function beClient(url: string): Promise<void> {
  for (let i = 0; i < CLIENT_CALLS; i += 1) await axios.get(url);
}

async function serve([name, platform = '', upstreamJson = '', count]: readonly string[]): Promise<void> {
  const variant = variantNamed(name);
  const upstream = JSON.parse(upstreamJson) as Upstream;
  const app = await createApp(variant, platform, upstream);
  await app.listen(0, '127.0.0.1');
  await beClient(upstream.url);
  const credentials: string[] = [];
  for (let i = 0; i < Number(count); i += 1) credentials.push(await variant.credential(app, `user-${i}`, upstream));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    tellParent({ us: user + system } satisfies CpuTime);
  });
  tellParent({ url: await app.getUrl(), header: variant.header, credentials } satisfies ServerReady);
}

await serve(process.argv.slice(2));
