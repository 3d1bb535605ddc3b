import { Agent, createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import axios from 'axios';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { TimeLimit } from './time-limit.js';
import { Transport } from './transport.js';

const CALL = {
  method: 'GET',
  path: '/path',
  name: 'GET /path',
  headers: { authorization: 'canary' },
  secrets: () => ['canary'],
};
const endless = (): TimeLimit => new TimeLimit(60_000);

describe('Transport', () => {
  let server: Server;
  let url: string;
  let respond: RequestListener;
  const requests: IncomingMessage[] = [];
  const open: Transport[] = [];

  beforeEach(async () => {
    requests.length = 0;
    respond = (_, response) => response.end('{}');
    server = createServer((request, response) => {
      requests.push(request);
      respond(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterEach(() => {
    for (const transport of open.splice(0)) transport.close();
    jest.restoreAllMocks();
    server.closeAllConnections();
    server.close();
  });

  function transport(options: Partial<CoinflowAuthModuleOptions> = {}): Transport {
    const one = new Transport(
      resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', baseUrl: url, ...options }),
    );
    open.push(one);
    return one;
  }

  it('uses one connection for consecutive calls', async () => {
    const connections = jest.fn();
    server.on('connection', connections);
    const one = transport();
    for (let i = 0; i < 5; i += 1) await one.send(CALL, endless());
    expect(connections).toHaveBeenCalledTimes(1);
  });

  it('closes its own connections, and leaves an agent of the application open', async () => {
    const agent = new Agent({ keepAlive: true });
    const destroy = jest.spyOn(agent, 'destroy');
    const one = transport({ http: { agent } });
    const own = transport();
    await Promise.all([one.send(CALL, endless()), own.send(CALL, endless())]);
    const ended = new Promise((resolve) => requests[0]?.socket.once('close', resolve));
    one.close();
    expect(destroy).not.toHaveBeenCalled();
    own.close();
    agent.destroy();
    await ended;
  });

  it('aborts a response that is sent byte by byte when the time is over', async () => {
    const time = new AbortController();
    jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(time.signal);
    respond = (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 5);
      response.once('close', () => clearInterval(drip));
      time.abort();
    };
    await expect(transport().send(CALL, endless())).resolves.toMatchObject({ reason: 'timeout' });
  });

  it('returns only the code of a failure', async () => {
    respond = (request) => request.socket.destroy();
    const failure = await transport().send(CALL, endless());
    expect({ ...failure }).toEqual({ reason: 'connection', code: 'ECONNRESET', isSent: true });
  });

  it('returns the code of Node.js for an error that Axios has no code for', async () => {
    const mismatched = transport({ http: { agent: new HttpsAgent() } }).send(CALL, endless());
    await expect(mismatched).resolves.toMatchObject({ code: 'ERR_INVALID_PROTOCOL' });
  });

  describe('isSent', () => {
    it('is false when the connection is refused', async () => {
      const one = transport();
      server.close();
      await expect(one.send(CALL, endless())).resolves.toMatchObject({ code: 'ECONNREFUSED', isSent: false });
    });

    it('is false when the name of the host is not found', async () => {
      const one = transport({ baseUrl: 'https://coinflow.invalid' });
      await expect(one.send(CALL, endless())).resolves.toMatchObject({ reason: 'connection', isSent: false });
    });

    it('is false when the TLS handshake fails', async () => {
      const one = transport({ baseUrl: url.replace('http:', 'https:') });
      await expect(one.send(CALL, endless())).resolves.toMatchObject({ reason: 'connection', isSent: false });
    });

    it('is false while the call waits for a connection of the agent', async () => {
      respond = () => undefined;
      const agent = new Agent({ maxSockets: 1 });
      const one = transport({ http: { agent } });
      const [, waiting] = await Promise.all([one.send(CALL, new TimeLimit(200)), one.send(CALL, new TimeLimit(100))]);
      expect(waiting).toMatchObject({ reason: 'timeout', isSent: false });
      agent.destroy();
    });

    it.each<[string, RequestListener]>([
      ['before the response', (request) => request.socket.destroy()],
      [
        'within the response',
        (request, response) => response.writeHead(200).write('{', () => request.socket.destroy()),
      ],
    ])('is true when the connection breaks %s', async (_, broken) => {
      const one = transport();
      await one.send(CALL, endless());
      respond = broken;
      // Once over a connection that is kept alive, and once over a new one.
      for (let i = 0; i < 2; i += 1) {
        await expect(one.send(CALL, endless())).resolves.toMatchObject({ reason: 'connection', isSent: true });
      }
    });

    it('is true when the server does not respond in time', async () => {
      respond = () => undefined;
      await expect(transport().send(CALL, new TimeLimit(50))).resolves.toMatchObject({
        reason: 'timeout',
        isSent: true,
      });
    });
  });

  it('ends a call that the caller aborts', async () => {
    const caller = new AbortController();
    respond = () => caller.abort();
    const outcome = transport().send(CALL, new TimeLimit(60_000, caller.signal));
    await expect(outcome).resolves.toMatchObject({ reason: 'aborted', isSent: true });
  });

  it('sends a body byte for byte, as JSON', async () => {
    let received = '';
    respond = (request, response) => {
      request.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
      request.on('end', () => response.end('{}'));
    };
    const body = '{ "amount" : 1.0, "name": "José" }';
    await transport().send({ ...CALL, method: 'POST', body }, endless());
    expect(received).toBe(body);
    expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
    expect(requests[0]?.headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('closes idle connections after the given time', async () => {
    const one = new Transport(resolveOptions({ env: 'local', apiKey: 'key', merchantId: 'm', baseUrl: url }), {
      idleTimeoutMs: 50,
    });
    open.push(one);
    await one.send(CALL, endless());
    await new Promise((resolve) => requests[0]?.socket.once('close', resolve));
  });

  it('keeps the path of the base URL', async () => {
    await transport({ baseUrl: `${url}/coinflow/` }).send({ ...CALL, path: '/api/auth/verify' }, endless());
    expect(requests[0]?.url).toBe('/coinflow/api/auth/verify');
  });

  it('ignores the proxies of the environment', async () => {
    const proxied = jest.fn();
    const proxy = createServer((_, response) => {
      proxied();
      response.end();
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const environment = { ...process.env };
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    Object.assign(process.env, { HTTP_PROXY: proxyUrl, http_proxy: proxyUrl, NO_PROXY: '', no_proxy: '' });
    await transport().send(CALL, endless());
    process.env = environment;
    proxy.close();
    expect(proxied).not.toHaveBeenCalled();
    expect(requests).toHaveLength(1);
  });

  it('does not show its headers to the interceptors of the application', async () => {
    const seen = jest.fn((config: unknown) => config);
    const interceptor = axios.interceptors.request.use(seen as never);
    await transport().send(CALL, endless());
    axios.interceptors.request.eject(interceptor);
    expect(seen).not.toHaveBeenCalled();
  });
});
