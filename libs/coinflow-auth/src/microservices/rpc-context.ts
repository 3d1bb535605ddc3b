import { RpcException } from '@nestjs/microservices';
import { clientError } from '../contexts/http-exception.js';
import type { CoinflowContextAdapter } from '../options/context-contracts.js';

/** The options of {@link rpcContext}. */
export interface RpcContextOptions {
  /** Finds the session key in a message: in its data, or in the context of its transport. `undefined` and an empty text are no key. */
  sessionKeyOf: (data: unknown, context: unknown) => string | undefined;
}

/** Message handlers of `@nestjs/microservices`. */
export function rpcContext({ sessionKeyOf }: RpcContextOptions): CoinflowContextAdapter {
  return {
    find(context) {
      const carrier = context.getArgByIndex<object>(1);
      const sessionKey = sessionKeyOf(context.getArgByIndex(0), carrier) ?? '';
      return { request: { headers: {} }, sessionKey, carrier };
    },
    toException: (error) => new RpcException(clientError(error)),
  };
}
