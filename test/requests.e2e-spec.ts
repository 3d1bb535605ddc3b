import {
  createServer,
  request as openRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http';
import { once } from 'node:events';
import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post } from '@nestjs/common';
import fc from 'fast-check';
import {
  CoinflowAuth,
  CurrentSession,
  SessionKeyExtractors,
  isCoinflowAuthError,
  type CoinflowSubject,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from 'nestjs-coinflow-auth';
import serverless from 'serverless-http';
import { extractSessionKey } from '../libs/coinflow-auth/src/extraction/session-key-extractor.js';
import { sendHttp2Fields } from './harness/http2-frames.js';
import { PLATFORMS, createTestApp, unseenKey, type TestApp } from './harness/create-test-app.js';

const { fromBearer, fromCookie, fromHeader, firstOf } = SessionKeyExtractors;
const ANYWHERE = firstOf(fromHeader(), fromBearer(), fromCookie('session'));
const MISSING = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MISSING' } };
const MALFORMED = { status: 401, body: { code: 'COINFLOW_SESSION_KEY_MALFORMED' } };
const CROSS_SITE = { status: 403, body: { code: 'COINFLOW_CROSS_SITE' } };

@Controller()
class RoutesController {
  @Get('guarded')
  @CoinflowAuth()
  guarded(@CurrentSession('subject') subject: CoinflowSubject): CoinflowSubject {
    return subject;
  }

  @Post('guarded')
  @CoinflowAuth()
  change(@CurrentSession('subject') subject: CoinflowSubject): CoinflowSubject {
    return subject;
  }
}

type EditHeaders = (headers: IncomingMessage['headers']) => void;

describe.each(PLATFORMS)('a middleware that edits the headers, on %s', (platform) => {
  let app: TestApp;
  let edit: EditHeaders = () => undefined;

  beforeAll(async () => {
    app = await createTestApp({
      platform,
      controllers: [RoutesController],
      options: { extractor: ANYWHERE },
      configure: (nest) =>
        nest.use((request: IncomingMessage, _response: unknown, next: () => void) => {
          edit(request.headers);
          next();
        }),
    });
  });
  afterEach(() => {
    edit = () => undefined;
  });
  afterAll(() => app.close());

  it('answers 401 when a middleware has deleted the credential', async () => {
    const key = unseenKey(app.coinflow);
    edit = (headers) => {
      delete headers.authorization;
      delete headers.cookie;
    };
    expect(await app.send('/guarded', { headers: { authorization: `Bearer ${key}` } })).toMatchObject(MISSING);
    expect(await app.send('/guarded', { headers: { cookie: `session=${key}` } })).toMatchObject(MISSING);
  });

  it('authenticates the credential that a middleware has added', async () => {
    const key = unseenKey(app.coinflow);
    edit = (headers) => (headers.authorization = `Bearer ${key}`);
    expect(await app.send('/guarded')).toMatchObject({ status: 200, body: { userId: 'alice' } });
    edit = (headers) => (headers.cookie = `session=${key}`);
    expect(await app.send('/guarded')).toMatchObject({ status: 200, body: { userId: 'alice' } });
  });

  it('authenticates the credential that a middleware has replaced', async () => {
    const [alice, bob] = [unseenKey(app.coinflow), unseenKey(app.coinflow, { customerId: 'bob' })];
    edit = (headers) => (headers.authorization = `Bearer ${bob}`);
    expect(await app.send('/guarded', { headers: { authorization: `Bearer ${alice}` } })).toMatchObject({
      status: 200,
      body: { userId: 'bob' },
    });
  });

  it('rejects two different Authorization headers, although a middleware has chosen one', async () => {
    const [alice, bob] = [unseenKey(app.coinflow), unseenKey(app.coinflow, { customerId: 'bob' })];
    edit = (headers) => (headers.authorization = `Bearer ${alice}`);
    const headers = { authorization: [`Bearer ${alice}`, `Bearer ${bob}`] };
    expect(await app.send('/guarded', { headers })).toMatchObject(MALFORMED);
  });

  it('rejects a cross-site request, although a middleware has deleted the headers of the browser', async () => {
    edit = (headers) => {
      delete headers['sec-fetch-site'];
      delete headers.origin;
    };
    const cookie = `session=${unseenKey(app.coinflow)}`;
    for (const [name, value] of [
      ['sec-fetch-site', 'cross-site'],
      ['origin', 'https://evil.example'],
    ] as const) {
      expect(await app.send('/guarded', { method: 'POST', headers: { cookie, [name]: value } })).toMatchObject(
        CROSS_SITE,
      );
    }
  });
});

describe('on AWS Lambda, behind serverless-http', () => {
  let app: TestApp;
  let call: (method: string, headers: Record<string, string>) => Promise<{ status: number; body: unknown }>;

  beforeAll(async () => {
    app = await createTestApp({ controllers: [RoutesController], options: { extractor: ANYWHERE } });
    const express = app.app.getHttpAdapter().getInstance() as RequestListener;
    const handler = serverless(express);
    call = async (method, headers) => {
      const { cookie, ...others } = headers;
      const answer = (await handler(
        {
          version: '2.0',
          rawPath: '/guarded',
          rawQueryString: '',
          headers: { Host: 'shop.example', ...others },
          ...(cookie && { cookies: cookie.split('; ') }),
          body: '',
          requestContext: { http: { method, sourceIp: '203.0.113.7' } },
        },
        {},
      )) as { statusCode: number; body: string };
      return { status: answer.statusCode, body: JSON.parse(answer.body) as unknown };
    };
  });
  afterAll(() => app.close());

  it('finds the session key in its own header, as a bearer token and in a cookie on AWS Lambda', async () => {
    const key = unseenKey(app.coinflow);
    const found = { status: 200, body: { userId: 'alice' } };
    expect(await call('GET', { 'X-Coinflow-Auth-Session-Key': key })).toMatchObject(found);
    expect(await call('GET', { Authorization: `Bearer ${key}` })).toMatchObject(found);
    expect(await call('GET', { cookie: `theme=dark; session=${key}` })).toMatchObject(found);
    expect(await call('GET', {})).toMatchObject(MISSING);
  });

  it.each([
    ['Sec-Fetch-Site', 'cross-site'],
    ['Origin', 'https://evil.example'],
    ['Origin', 'null'],
    ['Origin', 'http://shop.example'],
  ])('rejects a session key in a cookie of a cross-site request with %s: %s', async (name, value) => {
    const cookie = `session=${unseenKey(app.coinflow)}`;
    expect(await call('POST', { cookie, [name]: value })).toMatchObject(CROSS_SITE);
  });

  it('accepts a session key in a cookie of a request of its own site', async () => {
    const cookie = `session=${unseenKey(app.coinflow)}`;
    const sameSite: Record<string, string>[] = [
      { 'Sec-Fetch-Site': 'same-origin' },
      { Origin: 'https://shop.example' },
      {},
    ];
    for (const headers of sameSite) {
      expect(await call('POST', { cookie, ...headers })).toMatchObject({ status: 201 });
    }
  });
});

describe('over HTTP/2', () => {
  let app: TestApp;
  let session: ClientHttp2Session;
  let ownOrigin: string;

  beforeAll(async () => {
    const options = { extractor: ANYWHERE };
    app = await createTestApp({ platform: 'fastify', http2: true, controllers: [RoutesController], options });
    ownOrigin = new URL(app.url).origin;
    session = connect(app.url);
  });
  afterAll(async () => {
    await new Promise<void>((resolve) => session.close(resolve));
    await app.close();
  });

  const call = async (method: string, headers: OutgoingHttpHeaders): Promise<{ status: unknown; body: unknown }> => {
    const stream = session.request({ ':path': '/guarded', ':method': method, ...headers }).setEncoding('utf8');
    stream.end();
    const [answer] = (await once(stream, 'response')) as [IncomingHttpHeaders];
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    return { status: answer[':status'], body: JSON.parse(text) as unknown };
  };
  const cookie = (): string => `session=${unseenKey(app.coinflow)}`;

  it('finds the session key in its own header, as a bearer token and in one of several cookie headers over HTTP/2', async () => {
    const key = unseenKey(app.coinflow);
    const found = { status: 200, body: { userId: 'alice' } };
    expect(await call('GET', { 'x-coinflow-auth-session-key': key })).toMatchObject(found);
    expect(await call('GET', { authorization: `Bearer ${key}` })).toMatchObject(found);
    expect(await call('GET', { cookie: ['theme=dark', `session=${key}`] })).toMatchObject(found);
    expect(await call('GET', {})).toMatchObject(MISSING);
  });

  it('rejects two different Authorization headers over HTTP/2', async () => {
    const path = [':path', '/guarded'] as const;
    const bearerOf = (customerId: string) =>
      ['authorization', `Bearer ${unseenKey(app.coinflow, { customerId })}`] as const;
    const [alice, bob] = [bearerOf('alice'), bearerOf('bob')];
    const answer = async (...fields: (readonly [string, string])[]): Promise<unknown> =>
      JSON.parse(await sendHttp2Fields(app.url, [path, ...fields]));
    expect(await answer(alice)).toMatchObject({ userId: 'alice' });
    expect(await answer(alice, alice)).toMatchObject({ userId: 'alice' });
    expect(await answer(alice, bob)).toMatchObject(MALFORMED.body);
  });

  it('accepts a session key in a cookie from its own origin, which :authority names', async () => {
    expect(await call('POST', { cookie: cookie(), origin: ownOrigin })).toMatchObject({ status: 201 });
  });

  it.each(['null', 'https://evil.example', 'file://'])(
    'rejects a session key in a cookie from the origin %s',
    async (origin) => {
      expect(await call('POST', { cookie: cookie(), origin })).toMatchObject(CROSS_SITE);
    },
  );

  it('rejects an http origin of an HTTP/2 request that came by https', async () => {
    const headers = { cookie: cookie(), origin: ownOrigin, ':scheme': 'https' };
    expect(await call('POST', headers)).toMatchObject(CROSS_SITE);
    const secure = ownOrigin.replace('http:', 'https:');
    expect(await call('POST', { ...headers, origin: secure })).toMatchObject({ status: 201 });
  });
});

describe.each(PLATFORMS)('behind a trusted proxy that ends TLS, on %s', (platform) => {
  let app: TestApp;

  beforeAll(async () => {
    const options = { extractor: ANYWHERE };
    app = await createTestApp({ platform, trustProxy: true, controllers: [RoutesController], options });
  });
  afterAll(() => app.close());

  it('rejects an http origin of a request that came by https through a trusted proxy', async () => {
    const post = (origin: string, protocol: string): Promise<unknown> => {
      const cookie = `session=${unseenKey(app.coinflow)}`;
      const headers = { host: 'shop.example', 'x-forwarded-proto': protocol, origin, cookie };
      return app.send('/guarded', { method: 'POST', headers });
    };
    expect(await post('https://shop.example', 'https')).toMatchObject({ status: 201 });
    expect(await post('http://shop.example', 'http')).toMatchObject({ status: 201 });
    expect(await post('http://shop.example', 'https')).toMatchObject(CROSS_SITE);
  });
});

describe('any list of headers, as Node parses it', () => {
  let server: Server;
  let received: IncomingMessage | undefined;

  beforeAll(async () => {
    server = createServer((request, response) => {
      received = request;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => void server.close());

  /** The request as the server sees it. */
  const receive = async (sent: [string, string][]): Promise<IncomingMessage> => {
    await new Promise<void>((resolve, reject) => {
      const { port } = server.address() as AddressInfo;
      const headers = ['Host', 'shop.example', ...sent.flat()];
      const outgoing = openRequest({ port, host: '127.0.0.1', headers, agent: false });
      outgoing.once('error', reject).once('response', (response) => response.resume().once('end', resolve));
      outgoing.end();
    });
    if (!received) throw new Error('The server received no request');
    return received;
  };

  const outcomeOf = (extractor: SessionKeyExtractor, request: RequestWithHeaders): string | undefined => {
    try {
      return extractSessionKey(extractor, request);
    } catch (error) {
      if (isCoinflowAuthError(error)) return error.code;
      throw error;
    }
  };

  /** What the guard should find in what was sent: one value, or none, or different ones. */
  const expected = (sent: readonly string[], keys: readonly string[]): string | undefined => {
    if (keys.length === 0) return undefined;
    return new Set(sent).size > 1 ? 'COINFLOW_SESSION_KEY_MALFORMED' : keys[0];
  };

  const name = (lowerCase: string): fc.Arbitrary<string> =>
    fc.mixedCase(fc.constant(lowerCase), { toggleCase: (letter) => letter.toUpperCase() });
  const header = fc.oneof(
    fc.tuple(name('authorization'), fc.constantFrom('Bearer a', 'Bearer b', 'Basic c', '')),
    fc.tuple(name('x-coinflow-auth-session-key'), fc.constantFrom('a', 'b')),
    fc.tuple(name('cookie'), fc.constantFrom('session=a', 'session=b', 'theme=dark', 'theme=dark; session=a')),
    fc.tuple(name('x-other'), fc.constantFrom('a', 'b')),
  );

  it('authenticates the one session key of any list of headers, and rejects different keys', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(header, { maxLength: 6 }), async (sent) => {
        const request = (await receive(sent)) as RequestWithHeaders;
        const values = (wanted: string): string[] =>
          sent.filter(([sentName]) => sentName.toLowerCase() === wanted).map(([, value]) => value);
        const bearer = values('authorization');
        const cookie = values('cookie').flatMap((value) => /session=(.*)/.exec(value)?.[1] ?? []);
        const key = values('x-coinflow-auth-session-key');

        expect(outcomeOf(fromBearer(), request)).toBe(
          expected(
            bearer,
            bearer.filter((value) => value.startsWith('Bearer ')).map((value) => value.slice('Bearer '.length)),
          ),
        );
        expect(outcomeOf(fromCookie('session'), request)).toBe(expected(cookie, cookie));
        expect(outcomeOf(fromHeader(), request)).toBe(expected(key, key));
        for (const raw of Object.keys(request.headers)) delete (request.headers as IncomingMessage['headers'])[raw];
        expect(outcomeOf(ANYWHERE, request)).toBeUndefined();
      }),
      { numRuns: 150 },
    );
  });
});
