import type { INestApplication, Type } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowOptional,
  CurrentSession,
  type CoinflowSubject,
} from 'nestjs-coinflow-auth';
import { authenticateConnections, webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';
import { createTestApp } from '../create-test-app.js';
import type { HandlerName, PresentedKey } from '../decision-table.js';
import { handle, type ContextAnswer, type ContextDriver } from './context-driver.js';

interface Event {
  readonly event: string;
  readonly data: unknown;
}

const done = (data: string): Event => ({ event: 'done', data });

@WebSocketGateway()
class ShopGateway {
  constructor(protected readonly coinflow: CoinflowAuthService) {}

  @SubscribeMessage('guarded')
  @CoinflowAuth()
  guarded(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): Event {
    return done(handle('guarded', payload, subject));
  }

  @SubscribeMessage('optional')
  @CoinflowOptional()
  optional(@MessageBody() payload: string, @CurrentSession('subject') subject?: CoinflowSubject): Event {
    return done(handle('optional', payload, subject));
  }

  @SubscribeMessage('strict')
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): Event {
    return done(handle('strict', payload, subject));
  }

  @SubscribeMessage('wallet')
  @CoinflowAuth({ subject: 'wallet' })
  wallet(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): Event {
    return done(handle('wallet', payload, subject));
  }
}

/** The connections are authenticated too: most rows are rejected before a message is handled. */
@WebSocketGateway()
class AuthenticatedGateway extends ShopGateway {
  afterInit(server: Parameters<typeof authenticateConnections>[0]): void {
    authenticateConnections(server, this.coinflow);
  }
}

type Call = (url: string, handler: HandlerName, key: PresentedKey, payload: string) => Promise<ContextAnswer>;

function socketDriver(
  name: string,
  gateway: Type,
  adapterOf: (app: INestApplication) => IoAdapter | WsAdapter,
  call: Call,
): ContextDriver {
  return {
    name,
    impossible: {},
    start: async (options) => {
      const app = await createTestApp({
        providers: [gateway],
        options: { ...options, contexts: { ws: webSocketContext() } },
        configure: (nest) => void nest.useWebSocketAdapter(adapterOf(nest)),
      });
      return { app, send: (handler, key, payload) => call(app.url, handler, key, payload), close: app.close };
    },
  };
}

/** The key in a header of the handshake. Two keys are two headers. */
function headersOf(key: PresentedKey): Record<string, string> {
  // The types of the clients do not know that Node sends a header with several values several times.
  return (key === undefined ? {} : { 'x-coinflow-auth-session-key': key }) as Record<string, string>;
}

/** Connects, and sends one message. The answer is the refusal of the connection, the exception, or what the handler returns. */
async function callOverSocketIo(...[url, handler, key, payload]: Parameters<Call>): Promise<ContextAnswer> {
  const options = { transports: ['websocket'], forceNew: true, reconnection: false };
  const socket = io(url, { ...options, extraHeaders: headersOf(key) });
  try {
    return await new Promise<ContextAnswer>((resolve) => {
      const refuse = (error: { readonly code?: string } | undefined): void =>
        resolve({ code: error?.code, text: JSON.stringify(error) });
      socket.on('connect_error', (error: Error & { data?: { code?: string } }) => refuse(error.data));
      socket.on('exception', refuse);
      socket.on('done', (text: string) => resolve({ code: undefined, text }));
      socket.emit(handler, payload);
    });
  } finally {
    socket.close();
  }
}

/** As {@link callOverSocketIo}. The code of a refused connection is the reason of its close. */
async function callOverWs(...[url, handler, key, payload]: Parameters<Call>): Promise<ContextAnswer> {
  const socket = new WebSocket(url.replace('http', 'ws'), { headers: headersOf(key) });
  try {
    return await new Promise<ContextAnswer>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => socket.send(JSON.stringify({ event: handler, data: payload })));
      socket.on('message', (message: Buffer) => {
        const text = message.toString();
        const { event, data } = JSON.parse(text) as Event;
        if (event === 'done') resolve({ code: undefined, text: String(data) });
        else resolve({ code: (data as { code?: string }).code, text });
      });
      socket.on('close', (closeCode: number, reason: Buffer) => {
        const code = reason.toString();
        resolve({ code, status: closeCode - 4000, text: code });
      });
    });
  } finally {
    socket.close();
  }
}

const socketIo = (app: INestApplication): IoAdapter => new IoAdapter(app);
const ws = (app: INestApplication): WsAdapter => new WsAdapter(app);

/** Each call has a connection of its own. */
export const SOCKET_DRIVERS: readonly ContextDriver[] = [
  socketDriver('messages of Socket.IO', ShopGateway, socketIo, callOverSocketIo),
  socketDriver('connections and messages of Socket.IO', AuthenticatedGateway, socketIo, callOverSocketIo),
  socketDriver('connections and messages of ws', AuthenticatedGateway, ws, callOverWs),
];
