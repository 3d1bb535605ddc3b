import { WsException } from '@nestjs/websockets';
import { clientError, misconfigured } from '../contexts/http-exception.js';
import type { CoinflowContextAdapter, CoinflowContextRequest } from '../options/context-contracts.js';
import { rememberHandshake, rememberedHandshake, socketIoHandshake, type SocketIoClient } from './handshake.js';

/**
 * The adapter for gateways of `@nestjs/websockets`, on Socket.IO and on `ws`. The guard authenticates each message by the
 * handshake of its connection. A rejected message is answered with a `WsException` of `{ status: 'error', code, message }`.
 *
 * Authenticate the connections too, with {@link authenticateConnections}: otherwise `handleConnection()` runs for any client.
 * @example
 * CoinflowAuthModule.forRoot({ contexts: { ws: webSocketContext() } })
 */
export function webSocketContext(): CoinflowContextAdapter {
  return {
    find(context) {
      const client = context.getArgByIndex<object>(0);
      return rememberedHandshake(client) ?? handshakeOf(client, context.getClass().name);
    },
    toException(error) {
      const refusal = clientError(error);
      refusals.add(refusal);
      return new WsException(refusal);
    },
  };
}

const refusals = new WeakSet<object>();

/** Whether this is what a client gets instead of an answer to a message that the guard has rejected. */
export function isRefusal(payload: unknown): payload is object {
  return typeof payload === 'object' && payload !== null && refusals.has(payload);
}

/** A client whose connection was not authenticated. */
function handshakeOf(client: object, gateway: string): CoinflowContextRequest {
  if (!isSocketIo(client)) {
    throw misconfigured(`CoinflowAuthGuard does not know the handshake of a client of ${gateway}`, {
      reason: 'connections-unauthenticated',
      action: `Call authenticateConnections(server, coinflow) of nestjs-coinflow-auth/websockets in afterInit(server) of ${gateway}.`,
    });
  }
  const handshake = socketIoHandshake(client);
  rememberHandshake(client, handshake);
  return handshake;
}

function isSocketIo(client: object): client is SocketIoClient {
  return typeof (client as Partial<SocketIoClient>).handshake === 'object';
}
