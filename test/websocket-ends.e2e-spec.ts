import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Post, type INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { CoinflowAuth } from 'nestjs-coinflow-auth';
import { redisSharedStore } from 'nestjs-coinflow-auth/redis';
import type { Server, ServerOptions } from 'socket.io';
import { optionsFor, unseenKey } from './harness/create-test-app.js';
import { RedisServer, describeWithRedis } from './harness/redis-server.js';
import { startGateway, type SocketApp } from './harness/socket-app.js';
import { SOCKET_IO, SOCKET_TRANSPORTS, WS, type Connection } from './harness/sockets.js';
import { until } from './harness/until.js';

const REVOKED = 'COINFLOW_SESSION_REVOKED';
const SOON_MS = 1_000;

@Controller()
class PayoutsController {
  @Post('payouts')
  @CoinflowAuth({ maxAgeMs: 0 })
  pay(): void {}
}

/** Expects that a connection is closed within a second, with 4401 on a native WebSocket. */
async function expectEnded(connection: Connection, code: string): Promise<void> {
  const startedAt = performance.now();
  const closed = await connection.closed;
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  expect(closed).toMatchObject({ code });
  expect(closed.closeCode ?? 4401).toBe(4401);
}

describe.each(SOCKET_TRANSPORTS)('a connection on $name', (transport) => {
  it('ends when its session key is revoked, and the other connections of the user stay open', async () => {
    const app = await startGateway(transport);
    const [key, otherKey] = [unseenKey(app.coinflow), unseenKey(app.coinflow, { jti: 'other' })];
    const [one, again, other] = [
      await app.open({ explicit: key }),
      await app.open({ explicit: key }),
      await app.open({ explicit: otherKey }),
    ];
    await app.service.revokeSessionKey(key);
    await Promise.all([expectEnded(one, REVOKED), expectEnded(again, REVOKED)]);
    expect(await other.ask('me')).toMatchObject({ data: { userId: 'alice' } });
    expect(app.authenticator.sessions.watcher.size).toBe(1);
  });

  it('ends when its user is revoked, and those of other users stay open', async () => {
    const app = await startGateway(transport);
    const alice = await app.open({ explicit: unseenKey(app.coinflow) });
    const bob = await app.open({ explicit: unseenKey(app.coinflow, { customerId: 'bob' }) });
    await app.service.revokeSubject({ userId: 'alice' });
    await expectEnded(alice, REVOKED);
    expect(await bob.ask('me')).toMatchObject({ data: { userId: 'bob' } });
  });

  it('ends when Coinflow rejects its session key in another request', async () => {
    const app = await startGateway(transport, { controllers: [PayoutsController] });
    const key = unseenKey(app.coinflow);
    const connection = await app.open({ explicit: key });
    app.coinflow.fail('verify', { kind: 'status', status: 401 });
    const headers = { 'x-coinflow-auth-session-key': key };
    expect(await app.send('/payouts', { method: 'POST', headers })).toMatchObject({ status: 401 });
    await expectEnded(connection, 'COINFLOW_SESSION_REJECTED');
  });

  it('ends when its session expires', async () => {
    const app = await startGateway(transport);
    // A key is accepted until five seconds after its expiry; this Coinflow accepts it for longer.
    app.coinflow.setClockOffset(-60_000);
    const exp = Math.floor(Date.now() / 1_000) - 3;
    const connection = await app.open({ explicit: unseenKey(app.coinflow, { exp }) });
    const closed = await connection.closed;
    expect(closed).toMatchObject({ code: 'COINFLOW_SESSION_KEY_EXPIRED' });
    expect(closed.closeCode ?? 4401).toBe(4401);
  });

  it('is not watched when it is closed', async () => {
    const app = await startGateway(transport);
    const { watcher } = app.authenticator.sessions;
    const connection = await app.open({ explicit: unseenKey(app.coinflow) });
    expect(watcher.size).toBe(1);
    connection.close();
    await until(() => watcher.size === 0);
  });
});

it('2,000 connections that are opened and closed leave nothing watched', async () => {
  const app = await startGateway(WS);
  const { watcher } = app.authenticator.sessions;
  let mostWatched = 0;
  for (let batch = 0; batch < 20; batch += 1) {
    const users = Array.from({ length: 100 }, (_, index) => `user-${batch}-${index}`);
    const open = await Promise.all(
      users.map(async (userId) => {
        const { attestedKey, key } = await app.service.createSessionKey({ userId });
        return app.open({ explicit: attestedKey ?? key });
      }),
    );
    mostWatched = Math.max(mostWatched, watcher.size);
    for (const connection of open) connection.close();
    await until(() => watcher.size === 0);
  }
  expect(mostWatched).toBe(100);
});

it('a connection that Socket.IO recovers is authenticated again, so that no ended session comes back', async () => {
  class RecoveringAdapter extends IoAdapter {
    override createIOServer(port: number, options?: ServerOptions): Server {
      return super.createIOServer(port, { ...options, connectionStateRecovery: {} } as ServerOptions);
    }
  }
  const configure = (nest: INestApplication): void => void nest.useWebSocketAdapter(new RecoveringAdapter(nest));
  const app = await startGateway({ ...SOCKET_IO, configure });
  const key = unseenKey(app.coinflow);
  const connection = await app.open({ explicit: key });
  await connection.ask('me'); // the client recovers from the last event that it has received
  connection.abort();
  await until(() => app.authenticator.sessions.watcher.size === 0);
  await app.service.revokeSessionKey(key);
  await expect(connection.reconnect?.()).rejects.toMatchObject({ code: REVOKED });
});

describeWithRedis('connections on two replicas over Redis', () => {
  let redis: RedisServer;

  beforeAll(async () => {
    redis = await RedisServer.start();
  });

  afterAll(() => redis.kill());

  it.each(SOCKET_TRANSPORTS)('end within a second on $name when the other replica revokes', async (transport) => {
    const store = (): object => ({ store: redisSharedStore({ url: redis.url }) });
    const one = await startGateway(transport, { options: store() });
    const other: SocketApp = await startGateway(transport, { options: { ...optionsFor(one.coinflow), ...store() } });
    // Redis keeps the revocations of the other transports.
    const key = unseenKey(one.coinflow, { customerId: `by key on ${transport.name}` });
    const userId = `by user on ${transport.name}`;
    const byKey = await one.open({ explicit: key });
    const byUser = await one.open({ explicit: unseenKey(one.coinflow, { customerId: userId }) });
    expect(await other.service.revokeSessionKey(key)).toEqual({ shared: true });
    await expectEnded(byKey, REVOKED);
    await other.service.revokeSubject({ userId });
    await expectEnded(byUser, REVOKED);
  });
});
