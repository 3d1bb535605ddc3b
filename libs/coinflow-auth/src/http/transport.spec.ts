import { Agent, createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import axios from 'axios';
import type { CoinflowAuthModuleOptions } from '../options/coinflow-auth-options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { Transport } from './transport.js';

const CALL = { headers: { authorization: 'canary' }, secrets: ['canary'] };
const ENDLESS = new AbortController().signal;

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
    for (let i = 0; i < 5; i += 1) await one.get('/path', CALL, ENDLESS);
    expect(connections).toHaveBeenCalledTimes(1);
  });

  it('closes its own connections, and leaves an agent of the application open', async () => {
    const agent = new Agent({ keepAlive: true });
    const destroy = jest.spyOn(agent, 'destroy');
    const one = transport({ http: { agent } });
    const own = transport();
    await Promise.all([one.get('/path', CALL, ENDLESS), own.get('/path', CALL, ENDLESS)]);
    const ended = new Promise((resolve) => requests[0]?.socket.once('close', resolve));
    one.close();
    expect(destroy).not.toHaveBeenCalled();
    own.close();
    agent.destroy();
    await ended;
  });

  it('aborts a response that is sent byte by byte when the time is over', async () => {
    const time = new AbortController();
    respond = (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 5);
      response.once('close', () => clearInterval(drip));
      time.abort();
    };
    await expect(transport().get('/path', CALL, time.signal)).resolves.toMatchObject({ reason: 'timeout' });
  });

  it('returns only the code of a failure', async () => {
    respond = (request) => request.socket.destroy();
    const failure = await transport().get('/path', CALL, ENDLESS);
    expect({ ...failure }).toEqual({ reason: 'connection', code: 'ECONNRESET' });
  });

  it('returns the code of Node.js for an error that Axios has no code for', async () => {
    const mismatched = transport({ http: { agent: new HttpsAgent() } }).get('/path', CALL, ENDLESS);
    await expect(mismatched).resolves.toMatchObject({ code: 'ERR_INVALID_PROTOCOL' });
  });

  it('keeps the path of the base URL', async () => {
    await transport({ baseUrl: `${url}/coinflow/` }).get('/api/auth/verify', CALL, ENDLESS);
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
    await transport().get('/path', CALL, ENDLESS);
    process.env = environment;
    proxy.close();
    expect(proxied).not.toHaveBeenCalled();
    expect(requests).toHaveLength(1);
  });

  it('does not show its headers to the interceptors of the application', async () => {
    const seen = jest.fn((config: unknown) => config);
    const interceptor = axios.interceptors.request.use(seen as never);
    await transport().get('/path', CALL, ENDLESS);
    axios.interceptors.request.eject(interceptor);
    expect(seen).not.toHaveBeenCalled();
  });
});
