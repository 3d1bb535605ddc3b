// What must not compile: `tsc` is the test, and an expected error that does not come is one itself.
import type { CoinflowAuthService, CoinflowBudgetOptions, CoinflowSubject } from 'nestjs-coinflow-auth';
import type { CoinflowWebhookEvent } from 'nestjs-coinflow-auth';
import type { Request } from 'express';
import {
  CoinflowAuth,
  CoinflowAuthError,
  OnCoinflowEvent,
  isCoinflowAuthError,
  isCoinflowEvent,
} from 'nestjs-coinflow-auth';

declare const coinflow: CoinflowAuthService;

export async function waysToCreate(): Promise<void> {
  await coinflow.createSessionKey({ userId: 'alice' });
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'eth' });
  await coinflow.createSessionKeyWithSignature({ wallet: '0x1', blockchain: 'eth', signedMessage: '0x2' });
  // @ts-expect-error a signature, which is for the other method
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'eth', signedMessage: '0x2' });
  // @ts-expect-error a wallet without a signature
  await coinflow.createSessionKeyWithSignature({ wallet: '0x1', blockchain: 'eth' });
  // @ts-expect-error nobody
  await coinflow.createSessionKey({});
  // @ts-expect-error a wallet without its chain
  await coinflow.createSessionKey({ wallet: '0x1' });
  // @ts-expect-error a chain without a wallet
  await coinflow.createSessionKey({ blockchain: 'eth' });
  // @ts-expect-error a user and a wallet
  await coinflow.createSessionKey({ userId: 'alice', wallet: '0x1', blockchain: 'eth' });
  // @ts-expect-error a user who signs
  await coinflow.createSessionKey({ userId: 'alice', signedMessage: '0x2' });
  // @ts-expect-error `user` is no wallet's chain
  await coinflow.createSessionKey({ wallet: '0x1', blockchain: 'user' });
  // @ts-expect-error a signature by nobody
  await coinflow.createSessionKey({ signedMessage: '0x2' });
  // @ts-expect-error a message without a chain
  await coinflow.getMessage({ wallet: '0x1' });
}

export async function eitherOr(request: Request): Promise<string | number> {
  // @ts-expect-error the service is that of an instance
  await coinflow.authenticateRequest(request, { instance: 'eu' });
  const { session, error } = await coinflow.authenticateRequest(request, { subject: 'user' });
  if (!error) return session.key;
  // @ts-expect-error there is none beside an error
  String(session.key);
  return error.code === 'COINFLOW_UNAVAILABLE' ? error.retryAfterMs : error.reason;
}

// @ts-expect-error no such kind
CoinflowAuth({ subject: 'merchant' });
// @ts-expect-error no such field
CoinflowAuth({ maxAge: 5 });

export function narrowing(error: unknown, subject: CoinflowSubject): string | number {
  if (isCoinflowAuthError(error)) {
    switch (error.code) {
      case 'COINFLOW_UNAVAILABLE':
      case 'COINFLOW_TOO_MANY_REQUESTS':
        return error.retryAfterMs;
      case 'COINFLOW_INVALID_ARGUMENT':
        return error.argument;
      case 'COINFLOW_SESSION_REJECTED':
        // @ts-expect-error only what passes by itself says when
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

  // @ts-expect-error another type's event
  @OnCoinflowEvent('Settled')
  refund(event: CoinflowWebhookEvent<'Refund'>): string {
    return event.data.paymentId;
  }

  // @ts-expect-error what a handler of two types gets may be either
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
  // @ts-expect-error nobody has said of what type it is
  const id: string = event.data.id;
  if (!isCoinflowEvent(event, 'Settled')) return id;
  const { data } = event;
  // @ts-expect-error which of the two who paid has depends on the version
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

// A request of the framework's own type may be asked for.
export const client: CoinflowBudgetOptions = { getClient: ({ ip }: Request): string => ip ?? 'nobody' };
// @ts-expect-error a client is known at once
export const late: CoinflowBudgetOptions = { getClient: () => Promise.resolve('203.0.113.7') };
