import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { CoinflowAuth, CoinflowOptional, CurrentSession, type CoinflowSubject } from 'nestjs-coinflow-auth';
import { rpcContext } from 'nestjs-coinflow-auth/microservices';
import { keyInData, startMessageService, type TransportName } from '../message-service.js';
import { handle, type ContextAnswer, type ContextDriver } from './context-driver.js';

@Controller()
class ShopController {
  @MessagePattern('guarded')
  @CoinflowAuth()
  guarded(@Payload('payload') payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('guarded', payload, subject);
  }

  @MessagePattern('optional')
  @CoinflowOptional()
  optional(@Payload('payload') payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('optional', payload, subject);
  }

  @MessagePattern('strict')
  @CoinflowAuth({ maxAgeMs: 0 })
  strict(@Payload('payload') payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('strict', payload, subject);
  }

  @MessagePattern('wallet')
  @CoinflowAuth({ subject: 'wallet' })
  wallet(@Payload('payload') payload: string, @CurrentSession('subject') subject?: CoinflowSubject): string {
    return handle('wallet', payload, subject);
  }
}

/** Requests to message handlers, with the key in `data.sessionKey`. Two keys are a list. */
export function rpcDriver(
  transport: TransportName,
  redisPort: () => number | undefined = () => undefined,
): ContextDriver {
  return {
    name: `RPC over ${transport}`,
    impossible: {},
    start: async (options) => {
      const service = await startMessageService({
        transport,
        redisPort: redisPort(),
        controllers: [ShopController],
        options: { ...options, contexts: { rpc: rpcContext({ sessionKeyOf: keyInData }) } },
      });
      return {
        app: service,
        send: (handler, sessionKey, payload) =>
          service.request(handler, { sessionKey, payload }).then(
            (text) => ({ code: undefined, text: String(text) }),
            (error: unknown): ContextAnswer => ({
              code: (error as { code?: string }).code,
              text: JSON.stringify(error),
            }),
          ),
        close: service.close,
      };
    },
  };
}
