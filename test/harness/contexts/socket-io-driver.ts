import { IoAdapter } from '@nestjs/platform-socket.io';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { CoinflowAuth, CoinflowOptional, CurrentSession, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { webSocketContext } from 'nestjs-coinflow-auth/websockets';
import { io } from 'socket.io-client';
import { createTestApp } from '../create-test-app.js';
import type { HandlerName, PresentedKey } from '../decision-table.js';
import { handle, type ContextAnswer, type ContextDriver } from './context-driver.js';

@WebSocketGateway()
class ShopGateway {
  @SubscribeMessage('guarded')
  @CoinflowAuth()
  guarded(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('guarded', payload, subject);
  }

  @SubscribeMessage('optional')
  @CoinflowOptional()
  optional(@MessageBody() payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('optional', payload, subject);
  }

  @SubscribeMessage('strict')
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('strict', payload, subject);
  }

  @SubscribeMessage('wallet')
  @CoinflowAuth({ subject: 'wallet' })
  wallet(@MessageBody() payload: string, @CurrentSession('subject') subject: CoinflowSubject): string {
    return handle('wallet', payload, subject);
  }
}

/** Messages over Socket.IO. Each call has a connection of its own, with the key in a header of the handshake. */
export const socketIoDriver: ContextDriver = {
  name: 'a gateway on Socket.IO',
  impossible: {},
  start: async (options) => {
    const app = await createTestApp({
      providers: [ShopGateway],
      options: { ...options, contexts: { ws: webSocketContext() } },
      configure: (nest) => void nest.useWebSocketAdapter(new IoAdapter(nest)),
    });
    return { app, send: (handler, key, payload) => call(app.url, handler, key, payload), close: app.close };
  },
};

/** Connects, and sends one message. The answer is the exception, or what the handler returns. */
async function call(url: string, handler: HandlerName, key: PresentedKey, payload: string): Promise<ContextAnswer> {
  // The types of the client do not know that Node sends a header with several values several times.
  const extraHeaders = (key === undefined ? {} : { 'x-coinflow-auth-session-key': key }) as Record<string, string>;
  const socket = io(url, { extraHeaders, transports: ['websocket'], forceNew: true, reconnection: false });
  try {
    return await new Promise<ContextAnswer>((resolve) => {
      const reject = (error: { readonly code?: string } | undefined): void =>
        resolve({ code: error?.code, text: JSON.stringify(error) });
      socket.on('connect_error', (error: Error & { data?: { code?: string } }) => reject(error.data));
      socket.on('exception', reject);
      socket.emit(handler, payload, (text: string) => resolve({ code: undefined, text }));
    });
  } finally {
    socket.close();
  }
}
