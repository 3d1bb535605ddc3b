import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly IncomingMessage[];
  /** The responses to the next requests in order. The last one is repeated. */
  script(...answers: RequestListener[]): void;
  close(): void;
}

/** A server on a free port that sends scripted responses and records the requests. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: IncomingMessage[] = [];
  let answers: RequestListener[] = [json(200)];
  const server = createServer((request, response) => {
    requests.push(request);
    const [next = json(200)] = answers;
    if (answers.length > 1) answers.shift();
    next(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    script: (...next) => (answers = next),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export const json =
  (status: number, headers: Record<string, string> = {}, body = '{}'): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

export const html =
  (status: number): RequestListener =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>gateway</h1>');

export const reset: RequestListener = (request) => request.socket.resetAndDestroy();

export const hang: RequestListener = () => undefined;

/** The connection ends in the middle of the body. */
export const cutOff: RequestListener = (request, response) => {
  response.writeHead(200, { 'content-length': 100 });
  response.write('{"key":', () => request.socket.destroySoon());
};
