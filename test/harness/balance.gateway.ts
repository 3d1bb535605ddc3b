import {
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  type OnGatewayConnection,
  type OnGatewayInit,
} from '@nestjs/websockets';
import {
  CoinflowAuth,
  CoinflowAuthService,
  CoinflowOptional,
  CoinflowPublic,
  CurrentSession,
  type CoinflowSession,
  type CoinflowUserSubject,
} from 'nestjs-coinflow-auth';
import { authenticateConnections } from 'nestjs-coinflow-auth/websockets';

export type ConnectionServer = Parameters<typeof authenticateConnections>[0];
export type ConnectionPolicy = Parameters<typeof authenticateConnections>[2];

/** The handlers of {@link gatewayWith} that have run, `handleConnection` included. */
export const runs: string[] = [];

/** @param policy of the connections; `'none'` does not authenticate them */
export function gatewayWith(policy?: ConnectionPolicy | 'none'): new (coinflow: CoinflowAuthService) => object {
  @WebSocketGateway()
  @CoinflowAuth()
  class BalanceGateway implements OnGatewayInit, OnGatewayConnection {
    constructor(private readonly coinflow: CoinflowAuthService) {}

    afterInit(server: ConnectionServer): void {
      if (policy !== 'none') authenticateConnections(server, this.coinflow, policy);
    }

    handleConnection(): void {
      runs.push('handleConnection');
    }

    @SubscribeMessage('ping')
    @CoinflowPublic()
    ping(): object {
      runs.push('ping');
      return { event: 'pong' };
    }

    @SubscribeMessage('me')
    me(@CurrentSession('subject') { userId }: CoinflowUserSubject, @MessageBody() body: unknown): object {
      runs.push('me');
      return { event: 'me', data: { userId, body } };
    }

    @SubscribeMessage('greet')
    @CoinflowOptional()
    greet(@CurrentSession() session: CoinflowSession | undefined): object {
      return { event: 'greeting', data: session ? 'user' : 'anonymous' };
    }

    @SubscribeMessage('wallet')
    @CoinflowAuth({ subject: 'wallet' })
    wallet(): void {
      runs.push('wallet');
    }

    @SubscribeMessage('payout')
    @CoinflowAuth({ maxAgeMs: 0 })
    payout(): object {
      runs.push('payout');
      return { event: 'paid' };
    }

    @SubscribeMessage('verify')
    verify(@MessageBody() { sessionKey }: { sessionKey: string }): Promise<CoinflowSession> {
      return this.coinflow.verifySessionKey(sessionKey);
    }
  }
  return BalanceGateway;
}
