// `tsc` runs this test. An expected error that does not occur is an error itself.
// `package/src/coinflow-paths.ts` is what openapi-typescript 7 makes of `package/coinflow.json`. A package test generates it again and compares.
import type { CoinflowApi, CoinflowSession } from 'nestjs-coinflow-auth';
import type { paths } from './package/src/coinflow-paths.js';

declare const typed: CoinflowApi<paths>;
declare const api: CoinflowApi;
declare const session: CoinflowSession;
declare const anonymous: CoinflowSession | undefined;
declare const path: string;

const card = { subtotal: { cents: 500 }, card: { cardToken: 'token' } };

export async function withTheDocument(): Promise<void> {
  const { paymentId } = await typed.post('/checkout/card/{merchantId}', { auth: session, body: card });
  paymentId satisfies string;
  const { customer } = await typed.get('/customer/v2', { auth: session });
  customer satisfies { _id: string; email: string } | null;
  const payments = await typed.get('/merchant/payments', { auth: 'merchant', query: { page: 1, status: ['settled'] } });
  payments satisfies { id?: string }[];
  const refund = { auth: 'merchant', params: { paymentId: 'p' } } as const;
  (await typed.put('/merchant/payments/{paymentId}/refund', refund)) satisfies undefined;
  await typed.put('/merchant/payments/{paymentId}/refund', { ...refund, body: { reason: 'duplicate' } });
  (await typed.delete('/customer/card/{cardToken}', { auth: session, params: { cardToken: 't' } })) satisfies undefined;
  await typed.post('/checkout/card/{merchantId}', { auth: session, params: { merchantId: 'other' }, body: card });

  // @ts-expect-error the document has no such path
  await typed.get('/customer/v3', { auth: session });
  // @ts-expect-error the path has no such method
  await typed.get('/checkout/card/{merchantId}', { auth: session });
  // @ts-expect-error the body is required
  await typed.post('/checkout/card/{merchantId}', { auth: session });
  // @ts-expect-error the body lacks the card
  await typed.post('/checkout/card/{merchantId}', { auth: session, body: { subtotal: { cents: 5 } } });
  // @ts-expect-error the path parameter is missing
  await typed.put('/merchant/payments/{paymentId}/refund', { auth: 'merchant' });
  // @ts-expect-error the path has another parameter
  await typed.put('/merchant/payments/{paymentId}/refund', { auth: 'merchant', params: { id: 'p' } });
  // @ts-expect-error the query is required
  await typed.get('/merchant/payments', { auth: 'merchant' });
  // @ts-expect-error the query has another type
  await typed.get('/merchant/payments', { auth: 'merchant', query: { page: 'one' } });
  // @ts-expect-error the operation has no query
  await typed.get('/customer/v2', { auth: session, query: { page: 1 } });
  // @ts-expect-error the operation has no body
  await typed.delete('/customer/card/{cardToken}', { auth: session, params: { cardToken: 't' }, body: {} });
}

export async function withoutTheDocument(): Promise<void> {
  const result = await api.post('/checkout/card/{merchantId}', { auth: session, body: card });
  result satisfies unknown;
  // @ts-expect-error without the document, a result is unknown
  result satisfies { paymentId: string };
  await api.get('/merchant/payments/{paymentId}', {
    auth: 'merchant',
    params: { paymentId: 1 },
    query: { a: [1, 'b'] },
  });
  await api.get(path, { auth: 'none', params: { any: 'thing' } });

  // @ts-expect-error the path parameter is missing
  await api.get('/merchant/payments/{paymentId}', { auth: 'merchant' });
  // @ts-expect-error GET has no body
  await api.get('/customer/v2', { auth: session, body: {} });
}

export async function credentials(): Promise<void> {
  await api.get('/customer/v2', { auth: session });
  await api.get('/merchant/v2', { auth: [session, 'merchant'] });
  await api.get('/merchant/v2', { auth: ['merchant', session] });
  await api.post('/checkout/card-on-file', { auth: { userId: 'alice' }, body: {} });
  await api.get('/withdraw', { auth: { wallet: '0x1', blockchain: 'eth' } });
  await api.get('/withdraw', { auth: { signedWallet: { wallet: '0x1', blockchain: 'eth', signedMessage: '0x2' } } });
  await api.get('/utils/contract-address', { auth: 'none' });

  // @ts-expect-error without credentials
  await api.get('/customer/v2', {});
  // @ts-expect-error an anonymous request has no session
  await api.get('/customer/v2', { auth: anonymous });
  // @ts-expect-error the plain key is no session
  await api.get('/customer/v2', { auth: session.key });
  // @ts-expect-error a user and a wallet
  await api.get('/customer/v2', { auth: { userId: 'alice', wallet: '0x1', blockchain: 'eth' } });
  // @ts-expect-error two sessions
  await api.get('/merchant/v2', { auth: [session, session] });
  // @ts-expect-error a misspelled option
  await api.get('/customer/v2', { auth: session, clientIP: '1.2.3.4' });
}
