import type { INestApplication } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import { WebSocket } from 'ws';

/** An event that a client has received. */
export interface Received {
  event: string;
  data: unknown;
}

/** What a client sends when it connects. */
export interface Credentials {
  /** `auth.sessionKey` of Socket.IO, or the second subprotocol. */
  explicit?: string | undefined;
  headers?: Record<string, string>;
}

/** Why a connection was refused or closed. */
export interface Closed {
  /** The code of the error; a native WebSocket has it as the reason. */
  code: string;
  /** The code of the close. A native WebSocket has only this. */
  closeCode?: number;
  data?: unknown;
}

/** A connection of a client, over any of the transports. */
export interface Connection {
  /** Resolves when the client may send: a native WebSocket may before its session key is verified. */
  readonly started: Promise<void>;
  /** Resolves when the connection is open. Rejects with {@link Closed} when it is refused. */
  readonly opened: Promise<void>;
  /** Resolves when the connection has been closed, whoever closed it. */
  readonly closed: Promise<Closed>;
  readonly received: Received[];
  send: (event: string, data?: unknown) => void;
  /** Sends a message, and resolves with the next event that is received. */
  ask: (event: string, data?: unknown) => Promise<Received>;
  close: () => void;
  /** Breaks the connection off without closing it. */
  abort: () => void;
  /** Connects again as the same client, on Socket.IO. Rejects with {@link Closed} when it is refused. */
  reconnect?: () => Promise<void>;
}

/** A transport of gateways. */
export interface SocketTransport {
  readonly name: string;
  configure: (app: INestApplication) => void;
  connect: (url: string, credentials?: Credentials) => Connection;
}

/** The events of a connection, and who waits for the next one. */
class Inbox {
  readonly received: Received[] = [];
  readonly #waiting: ((one: Received) => void)[] = [];

  add(one: Received): void {
    this.received.push(one);
    this.#waiting.shift()?.(one);
  }

  next(): Promise<Received> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

/** Connects a client of Socket.IO. */
export function connectSocketIo(
  url: string,
  { explicit, headers = {} }: Credentials = {},
  options: Partial<ManagerOptions & SocketOptions> = { transports: ['websocket'] },
): Connection {
  const inbox = new Inbox();
  const auth = explicit === undefined ? {} : { sessionKey: explicit };
  const socket = io(url, { auth, extraHeaders: headers, forceNew: true, reconnection: false, ...options });
  const closed = new Promise<Closed>((resolve) => {
    socket.on('disconnect', (reason) => {
      const last = inbox.received.findLast(({ event }) => event === 'exception');
      const { code } = (last?.data ?? { code: reason }) as { code: string };
      resolve({ code, data: reason });
    });
  });
  const connected = (): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: { code: string } }) => {
        reject(Object.assign(new Error(error.message), { code: error.data?.code, data: error.data }));
      });
    });
  const opened = connected();
  opened.catch(() => undefined);
  socket.onAny((event: string, data: unknown) => inbox.add({ event, data }));
  const send = (event: string, data?: unknown): void => void socket.emit(event, data);
  return {
    // It keeps what is sent until it is connected.
    started: Promise.resolve(),
    opened,
    closed,
    received: inbox.received,
    send,
    ask: (event, data) => {
      send(event, data);
      return inbox.next();
    },
    close: () => void socket.disconnect(),
    abort: () => void socket.io.engine.close(),
    reconnect: () => {
      socket.connect();
      return connected();
    },
  };
}

/** Opens a native WebSocket. */
export function connectWs(
  url: string,
  { explicit, headers = {} }: Credentials = {},
  protocols = explicit === undefined ? [] : ['coinflow', explicit],
): Connection & { readonly socket: WebSocket } {
  const inbox = new Inbox();
  const socket = new WebSocket(url.replace('http', 'ws'), protocols, { headers });
  const closed = new Promise<Closed>((resolve) => {
    socket.once('close', (closeCode: number, reason: Buffer) => resolve({ closeCode, code: reason.toString() }));
  });
  // The upgrade succeeds in any case: a connection counts as open when it has not been closed when a message is answered.
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('open', () => socket.send(JSON.stringify({ event: 'ping' })));
    socket.once('message', () => resolve());
    void closed.then(({ closeCode, code }) => reject(Object.assign(new Error(code), { closeCode, code })));
  });
  opened.catch(() => undefined);
  socket.on('message', (text: Buffer) => {
    const one = JSON.parse(text.toString()) as Received;
    if (one.event !== 'pong') inbox.add(one);
  });
  const send = (event: string, data?: unknown): void => socket.send(JSON.stringify({ event, data }));
  return {
    socket,
    started: new Promise((resolve) => socket.once('open', () => resolve())),
    opened,
    closed,
    received: inbox.received,
    send,
    ask: (event, data) => {
      send(event, data);
      return inbox.next();
    },
    close: () => socket.close(),
    abort: () => socket.terminate(),
  };
}

const useSocketIo = (app: INestApplication): void => void app.useWebSocketAdapter(new IoAdapter(app));

export const SOCKET_IO: SocketTransport = {
  name: 'Socket.IO',
  configure: useSocketIo,
  connect: (url, credentials) => connectSocketIo(url, credentials),
};

export const POLLING: SocketTransport = {
  name: 'Socket.IO over long-polling',
  configure: useSocketIo,
  connect: (url, credentials) => connectSocketIo(url, credentials, { transports: ['polling'] }),
};

export const WS: SocketTransport = {
  name: 'ws',
  configure: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
  connect: (url, credentials) => connectWs(url, credentials),
};

export const SOCKET_TRANSPORTS = [SOCKET_IO, POLLING, WS];
