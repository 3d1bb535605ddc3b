import { WsException } from '@nestjs/websockets';
import { clientError } from '../contexts/http-exception.js';
import type { RequestWithHeaders } from '../extraction/session-key-extractor.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';

/** A client of Socket.IO. */
interface Client {
  readonly handshake: RequestWithHeaders;
}

/** Gateways of `@nestjs/websockets`, on Socket.IO and on `ws`. */
export function webSocketContext(): CoinflowContextAdapter {
  return {
    find(context) {
      const client = context.getArgByIndex<Client>(0);
      return { request: client.handshake, carrier: client };
    },
    toException: (error) => new WsException(clientError(error)),
  };
}
