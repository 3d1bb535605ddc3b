// A replica of two consumers, billing and mailing, each with one named instance for every kind of client. A line of JSON on its
// standard output records when a run starts and ends, when its lease is renewed and when it is lost.
import 'reflect-metadata';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { createClient, createCluster, createSentinel } from '@redis/client';
import { Cluster, Redis } from 'ioredis';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  CoinflowAuthModule,
  CoinflowWebhook,
  OnCoinflowEvent,
} from '../../dist/apps/sample/libs/coinflow-auth/src/index.js';
import { redisDeliveryStore } from '../../dist/apps/sample/libs/coinflow-auth/src/redis/index.js';

const { REDIS, WEBHOOK_KEY: keys } = process.env;
const { url, sentinel, cluster, clients } = JSON.parse(REDIS);

/** In milliseconds, by a clock that all processes of a machine share. */
const now = () => Number(process.hrtime.bigint()) / 1e6;
const record = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** With the defaults of the libraries. */
const CONNECT = {
  url: () => ({ url }),
  'node-redis': async () => {
    const node = ({ port }) => ({ url: `redis://127.0.0.1:${port}` });
    const client = sentinel
      ? createSentinel({ name: sentinel.name, sentinelRootNodes: sentinel.nodes })
      : cluster
        ? createCluster({ rootNodes: cluster.map(node) })
        : createClient({ url });
    client.on('error', () => undefined);
    await client.connect();
    return { client };
  },
  ioredis: () => {
    const client = sentinel
      ? new Redis({ name: sentinel.name, sentinels: sentinel.nodes })
      : cluster
        ? new Cluster(cluster)
        : new Redis(url);
    client.on('error', () => undefined);
    return { client };
  },
};

/** When the claim of a lease was sent, by its token. */
const claimedAt = new Map();

/** A store that records which leases it has renewed, and when it was asked. */
async function deliveriesOf(client, group) {
  const store = redisDeliveryStore(await CONNECT[client]());
  const [claim, renew] = [store.claim.bind(store), store.renew.bind(store)];
  store.claim = async (id, leaseMs) => {
    const sentAt = now();
    const answer = await claim(id, leaseMs);
    if (answer.state === 'won') claimedAt.set(`${group} ${answer.fencingToken}`, sentAt);
    return answer;
  };
  store.renew = async (id, token, leaseMs) => {
    const sentAt = now();
    const isRenewed = await renew(id, token, leaseMs);
    if (isRenewed) record({ kind: 'renewed', group, fence: Number(token.split(':')[0]), at: sentAt });
    return isRenewed;
  };
  return store;
}

class Handlers {}
class WebhooksController {}
const imports = [];

for (const client of clients) {
  for (const consumer of ['billing', 'mailing']) {
    const group = `${consumer}/${client}`;
    Handlers.prototype[group] = async ({ data, fencingToken: fence, signal }) => {
      const event = data.id;
      record({ kind: 'claimed', group, event, fence, at: claimedAt.get(`${group} ${fence}`) });
      record({ kind: 'started', group, event, fence, at: now() });
      signal.addEventListener('abort', () => record({ kind: 'lost', group, event, fence, at: now() }));
      await delay(data.holdMs);
      record({ kind: 'ended', group, event, fence, at: now() });
    };
    decorate(Handlers, group, OnCoinflowEvent({ instance: group }));
    WebhooksController.prototype[group] = () => undefined;
    decorate(WebhooksController, group, Post(group), CoinflowWebhook({ instance: group }));
    const webhook = { keys, consumer, deliveries: await deliveriesOf(client, group) };
    imports.push(
      CoinflowAuthModule.forRoot({ name: group, env: 'local', apiKey: 'key', merchantId: 'merchant', webhook }),
    );
  }
}
Controller('webhooks')(WebhooksController);

class AppModule {}
Module({ imports, controllers: [WebhooksController], providers: [Handlers] })(AppModule);

const app = await NestFactory.create(AppModule, { rawBody: true, logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`Listens at ${await app.getUrl()}\n`);

function decorate(target, name, ...decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
}
