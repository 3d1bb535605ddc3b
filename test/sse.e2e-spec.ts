import { connect } from 'node:http2';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Sse, type MessageEvent } from '@nestjs/common';
import { CoinflowAuth, CoinflowOptional, CurrentSession, type CoinflowSession } from 'nestjs-coinflow-auth';
import { Observable, finalize, interval, map, startWith } from 'rxjs';
import { PLATFORMS, createTestApp, unseenKey, type TestApp, type TestAppOptions } from './harness/create-test-app.js';
import { EventStream } from './harness/event-stream.js';
import { until } from './harness/until.js';

const HEADER = 'x-coinflow-auth-session-key';

let app: TestApp;
let streams: EventStream[] = [];
/** How many streams of the application have a subscriber. */
let subscribers = 0;

afterEach(async () => {
  for (const stream of streams) stream.close();
  streams = [];
  await app.close();
  await until(() => subscribers === 0);
});

function balances(user: string): Observable<MessageEvent> {
  subscribers += 1;
  return interval(5).pipe(
    startWith(0),
    map((count) => ({ type: 'balance', data: { user, count } })),
    finalize(() => (subscribers -= 1)),
  );
}

@Controller()
class StreamsController {
  @Sse('balance')
  @CoinflowAuth()
  balance(@CurrentSession() session: CoinflowSession): Observable<MessageEvent> {
    return balances(session.subject?.kind === 'user' ? session.subject.userId : '');
  }

  @Sse('prices')
  @CoinflowOptional()
  prices(@CurrentSession() session: CoinflowSession | undefined): Observable<MessageEvent> {
    return balances(session ? 'member' : 'guest');
  }

  @Get('me')
  @CoinflowAuth()
  me(): string {
    return 'me';
  }
}

async function start(options: TestAppOptions): Promise<void> {
  app = await createTestApp({ ...options, controllers: [StreamsController] });
}

async function open(path: string, key?: string): Promise<EventStream> {
  const stream = await EventStream.open(app.url + path, key === undefined ? {} : { [HEADER]: key });
  streams.push(stream);
  return stream;
}

const watched = (): number => app.authenticator.sessions.watcher.size;

describe.each(PLATFORMS)('a stream of server-sent events under @CoinflowAuth(), on %s', (platform) => {
  it('starts with a session, and is refused without one', async () => {
    await start({ platform });
    const stream = await open('/balance', unseenKey(app.coinflow));
    await stream.until('balance');
    expect(stream.events('balance')[0]).toEqual({ user: 'alice', count: 0 });
    expect((await open('/balance')).response.statusCode).toBe(401);
    expect(subscribers).toBe(1);
  });

  it('ends when the session is revoked, and the others go on', async () => {
    await start({ platform });
    const [alice, bob] = ['alice', 'bob'].map((customerId) => unseenKey(app.coinflow, { customerId }));
    const ended = [await open('/balance', alice), await open('/balance', alice)];
    const other = await open('/balance', bob);
    for (const stream of [...ended, other]) await stream.until('balance');
    await app.service.revokeSessionKey(alice!);
    await until(() => ended.every(({ hasEnded }) => hasEnded));
    // Whatever the streams emit meanwhile, the application does not fail, and Nest has unsubscribed.
    await until(
      () => subscribers === 1,
      () => `subscribers: ${subscribers}, watched ${watched()}`,
    );
    expect(other.hasEnded).toBe(false);
    expect(watched()).toBe(1);
    expect((await open('/balance', alice)).response.statusCode).toBe(401);
    expect((await app.get('/me', bob)).status).toBe(200);
  });

  it('ends when the session expires', async () => {
    await start({ platform });
    expect((await app.get('/me', unseenKey(app.coinflow, { customerId: 'bob' }))).status).toBe(200);
    app.coinflow.fail('verify', { kind: 'raw', status: 200, body: '' });
    // Clocks may differ by 5 s, so the application accepts the key for one or two more seconds.
    const stream = await open('/balance', unseenKey(app.coinflow, { exp: Math.floor(Date.now() / 1_000) - 3 }));
    await stream.until('balance');
    await until(() => stream.hasEnded);
    await until(() => subscribers === 0);
  });

  it('ends when Coinflow rejects the key of another request', async () => {
    await start({ platform, options: { cache: { ttlMs: 1 } } });
    const key = unseenKey(app.coinflow);
    const stream = await open('/balance', key);
    await stream.until('balance');
    app.coinflow.fail('verify', { kind: 'status', status: 401 });
    expect((await app.get('/me', key)).status).toBe(401);
    await until(() => stream.hasEnded);
  });

  it('is not watched any more when the client has left', async () => {
    await start({ platform });
    const stream = await open('/balance', unseenKey(app.coinflow));
    await stream.until('balance');
    expect(watched()).toBe(1);
    stream.close();
    await until(() => watched() === 0 && subscribers === 0);
  });

  it('goes on for an anonymous client of an optional route', async () => {
    await start({ platform });
    const stream = await open('/prices');
    await stream.until('balance');
    await app.service.revokeSubject({ userId: 'alice' });
    await stream.until('balance', (events) => events.length > 20);
    expect([stream.hasEnded, watched()]).toEqual([false, 0]);
  });

  it('ends under an APP_GUARD as well, without a watch for other routes', async () => {
    await start({ platform, globalGuard: true });
    const key = unseenKey(app.coinflow);
    expect((await app.get('/me', key)).status).toBe(200);
    expect(watched()).toBe(0);
    const stream = await open('/balance', key);
    await stream.until('balance');
    await app.service.revokeSubject({ userId: 'alice' });
    await until(() => stream.hasEnded);
  });
});

it('a stream over HTTP/2 ends with its session, and the connection stays open', async () => {
  await start({ platform: 'fastify', http2: true });
  const key = unseenKey(app.coinflow);
  const client = connect(app.url);
  const open = (path: string): ReturnType<typeof client.request> => client.request({ ':path': path, [HEADER]: key });
  const stream = open('/balance');
  let text = '';
  let hasEnded = false;
  stream
    .setEncoding('utf8')
    .on('data', (chunk: string) => (text += chunk))
    .once('close', () => (hasEnded = true));
  await until(() => text.includes('alice'));
  await app.service.revokeSessionKey(key);
  await until(() => hasEnded);
  await until(() => subscribers === 0);
  const me = open('/me');
  const status = await new Promise((resolve) => me.once('response', (headers) => resolve(headers[':status'])));
  expect(status).toBe(401);
  client.destroy();
});
