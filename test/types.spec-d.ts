// `tsc` runs this test. An expected error that does not occur is an error itself.
import type { Server as HttpServer } from 'node:http';
import type { Request } from 'express';
import {
  CoinflowAuth,
  CoinflowAuthError,
  OnCoinflowEvent,
  isCoinflowAuthError,
  isCoinflowEvent,
  isTemporary,
  type CoinflowAuthService,
  type CoinflowBudgetOptions,
  type CoinflowSubject,
  type CoinflowWebhookEvent,
} from 'nestjs-coinflow-auth';
import { authenticateConnections } from 'nestjs-coinflow-auth/websockets';
import type { Namespace, Server } from 'socket.io';
import type { WebSocketServer } from 'ws';

declare const coinflow: CoinflowAuthService;
declare const sockets: { io: Server; namespace: Namespace; ws: WebSocketServer; http: HttpServer };

export async function waysToCreate(): Promise<void> {
  await coinflow.createSessionKey({ userId: 'alice' });
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'eth' });
  await coinflow.createSessionKeyWithSignature({ wallet: '0x1', blockchain: 'eth', signedMessage: '0x2' });
  // @ts-expect-error a signature is for the other method
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'eth', signedMessage: '0x2' });
  // @ts-expect-error a wallet without a signature
  await coinflow.createSessionKeyWithSignature({ wallet: '0x1', blockchain: 'eth' });
  // @ts-expect-error no subject
  await coinflow.createSessionKey({});
  // @ts-expect-error a wallet without its chain
  await coinflow.createSessionKey({ wallet: '0x1' });
  // @ts-expect-error a chain without a wallet
  await coinflow.createSessionKey({ blockchain: 'eth' });
  // @ts-expect-error a user and a wallet
  await coinflow.createSessionKey({ userId: 'alice', wallet: '0x1', blockchain: 'eth' });
  // @ts-expect-error a user who signs
  await coinflow.createSessionKey({ userId: 'alice', signedMessage: '0x2' });
  // @ts-expect-error `user` is not the blockchain of a wallet
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'user' });
  // @ts-expect-error a signature without a wallet
  await coinflow.createSessionKey({ signedMessage: '0x2' });
  // @ts-expect-error a message without a chain
  await coinflow.getMessage({ wallet: '0x1' });
}

export async function eitherOr(request: Request): Promise<string | number> {
  // @ts-expect-error the service is that of an instance
  await coinflow.authenticateRequest(request, { instance: 'eu' });
  const { session, error } = await coinflow.authenticateRequest(request, { subject: 'user' });
  if (!error) return session.key;
  // @ts-expect-error there is no session beside an error
  String(session.key);
  return error.code === 'COINFLOW_UNAVAILABLE' ? error.retryAfterMs : error.reason;
}

export async function anonymousOr(request: Request): Promise<string> {
  const { session, error } = await coinflow.authenticateRequest(request, { access: 'optional' }, { sessionKey: '' });
  if (error) throw error;
  // @ts-expect-error the request may be anonymous
  String(session.key);
  return session?.key ?? 'anonymous';
}

export function gateways(): void {
  authenticateConnections(sockets.io, coinflow);
  authenticateConnections(sockets.namespace, coinflow, { access: 'optional', subject: 'user' });
  authenticateConnections(sockets.ws, coinflow, { maxAgeMs: 0 });
  // @ts-expect-error the server of HTTP has no connections of a gateway
  authenticateConnections(sockets.http, coinflow);
  // @ts-expect-error the service is that of an instance
  authenticateConnections(sockets.ws, coinflow, { instance: 'eu' });
  // @ts-expect-error nobody connects to a gateway without any check
  authenticateConnections(sockets.ws, coinflow, { access: 'public' });
}

// @ts-expect-error no such kind
CoinflowAuth({ subject: 'merchant' });
// @ts-expect-error no such field
CoinflowAuth({ maxAge: 5 });

export function narrowing(error: unknown, subject: CoinflowSubject): string | number {
  if (isTemporary(error)) return error.retryAfterMs;
  if (isCoinflowAuthError(error)) {
    switch (error.code) {
      case 'COINFLOW_UNAVAILABLE':
      case 'COINFLOW_TOO_MANY_REQUESTS':
        return error.retryAfterMs;
      case 'COINFLOW_INVALID_ARGUMENT':
        return error.argument;
      case 'COINFLOW_SESSION_REJECTED':
        // @ts-expect-error only a temporary error has retryAfterMs
        return String(error.retryAfterMs);
      // @ts-expect-error no such code
      case 'COINFLOW_NO_SUCH_CODE':
      default:
        return error.reason;
    }
  }
  if (error instanceof CoinflowAuthError) return error.code;
  return subject.kind === 'user' ? subject.userId : subject.wallet;
}

export class Handlers {
  @OnCoinflowEvent('Settled')
  settled({ data, eventType }: CoinflowWebhookEvent<'Settled'>): [string, 'Settled', number, unknown] {
    return [data.id, eventType, data.subtotal.cents, data.aFieldThatIsNew];
  }

  // @ts-expect-error the event of another type
  @OnCoinflowEvent('Settled')
  refund(event: CoinflowWebhookEvent<'Refund'>): string {
    return event.data.paymentId;
  }

  // @ts-expect-error a handler of two types receives events of both
  @OnCoinflowEvent('Settled', 'Refund')
  either(event: CoinflowWebhookEvent<'Settled'>): string {
    return event.data.id;
  }

  @OnCoinflowEvent('Settled', 'Refund')
  both(event: CoinflowWebhookEvent<'Settled' | 'Refund'>): string {
    return event.eventType === 'Refund' ? event.data.paymentId : event.data.id;
  }

  @OnCoinflowEvent({ types: ['Disbursed Funds'], instance: 'eu' })
  disbursed(event: CoinflowWebhookEvent<'Disbursed Funds'>): string {
    return event.data.disbursedAt;
  }

  @OnCoinflowEvent('A Type That Is New')
  novel(event: CoinflowWebhookEvent<'A Type That Is New'>): unknown {
    return event.data.anything;
  }

  @OnCoinflowEvent()
  @OnCoinflowEvent({ category: 'KYC' })
  all(event: CoinflowWebhookEvent): string {
    return event.eventType;
  }

  // @ts-expect-error no such field of a filter
  @OnCoinflowEvent({ type: 'Settled' })
  mistyped(): void {}
}

export function users(event: CoinflowWebhookEvent): string {
  // @ts-expect-error the type of the event is unknown
  const id: string = event.data.id;
  if (!isCoinflowEvent(event, 'Settled')) return id;
  const { data } = event;
  // @ts-expect-error the field depends on the version
  const wallet: string = data.wallet;
  if (data.customerId !== undefined) {
    const customer: string = data.customerId;
    // @ts-expect-error only in version 2
    const nobody: string = data.wallet;
    return customer + nobody + data.rawCustomerId;
  }
  const checked: string = data.wallet;
  // @ts-expect-error not documented in version 2
  const rawCustomerId: string = data.rawCustomerId;
  return checked + rawCustomerId + wallet;
}

// The parameter can have the request type of the framework.
export const client: CoinflowBudgetOptions = { getClient: ({ ip }: Request): string => ip ?? 'unknown' };
// @ts-expect-error getClient is synchronous
export const late: CoinflowBudgetOptions = { getClient: () => Promise.resolve('203.0.113.7') };
