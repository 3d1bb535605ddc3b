/** The credentials that Coinflow documents for an operation. */
export type DocumentedCredential = keyof typeof OPERATIONS;

/** An operation as Coinflow's document has it. */
export interface DocumentedOperation {
  readonly credential: DocumentedCredential;
  /** The documented statuses other than 200. */
  readonly statuses: ReadonlySet<number>;
  /** Whether the body can have an `idempotencyKey`. */
  readonly isIdempotent: boolean;
}

/** The operations whose body has the field `idempotencyKey`. Coinflow performs one with the same key once. */
const IDEMPOTENT = new Set([
  'POST /checkout/jwt-token',
  'POST /checkout/link',
  'POST /merchant/credits/mint',
  'POST /merchant/withdraws/payout/delegated',
]);

/**
 * By the credential that Coinflow's document (OpenAPI 1.0.0) shows: method, path, and the documented statuses other than 200.
 * `GET /merchant/v2` was seen to want two credentials, of which the document shows one.
 *
 * `session`: the session key alone. `user`: the API key and a user id. `wallet`: a wallet, with the API key or with its signature.
 * `merchant`: the API key alone.
 */
const OPERATIONS = {
  session: [
    'POST /checkout/ach/{merchantId} 423 428 451',
    'POST /checkout/apa/{merchantId} 423 451',
    'POST /checkout/card/{merchantId} 412 423 451',
    'POST /checkout/cashapp/{merchantId} 412 423 451',
    'POST /checkout/evm/usdc-authorization',
    'POST /checkout/fees',
    'POST /checkout/google-pay/{merchantId} 402 412 423 451',
    'POST /checkout/iban 423 426 428 451',
    'POST /checkout/iban/token 423 428 451',
    'POST /checkout/interac 423 451',
    'POST /checkout/interac/token 423 451',
    'POST /checkout/paypal/token/{merchantId} 412 423 451',
    'POST /checkout/paypal/{merchantId} 412 423 451',
    'POST /checkout/pix',
    'POST /checkout/token/{merchantId} 412 422 423 451',
    'POST /checkout/totals/{merchantId}',
    'POST /checkout/v2/apple-pay/{merchantId} 402 423 451',
    'POST /checkout/venmo/token/{merchantId} 412 423 451',
    'POST /checkout/venmo/{merchantId} 412 423 451',
    'POST /checkout/wire 412 423 428 451',
    'POST /checkout/wire/token 412 423 428 451',
    'POST /checkout/zero-authorization/{merchantId} 403 410 412',
    'GET /customer/balances/{merchantIdOrCreditSeed}',
    'DELETE /customer/bankAccount/{token}',
    'DELETE /customer/card/{cardToken}',
    'GET /customer/history',
    'GET /customer/history/{paymentId}',
    'POST /customer/iban',
    'DELETE /customer/iban/{token}',
    'DELETE /customer/interac/{token}',
    'DELETE /customer/paypal/{token}',
    'GET /customer/v2 412 451',
    'DELETE /customer/venmo/{token}',
    'GET /subscription/{merchantId}/plans',
    'GET /subscription/{merchantId}/plans/{code}',
    'GET /subscription/{merchantId}/subscribers',
    'POST /subscription/{merchantId}/subscribers/ach 428',
    'POST /subscription/{merchantId}/subscribers/card',
    'POST /subscription/{merchantId}/subscribers/token 422',
    'PATCH /subscription/{merchantId}/subscribers/{subscriptionId}',
  ],
  'session+merchant': ['GET /merchant/v2'],
  user: [
    'POST /checkout/card-on-file 403 410 412',
    'POST /checkout/card-on-file-authorized 403 410 412',
    'POST /checkout/crypto 423',
    'POST /checkout/link',
    'POST /checkout/merchant-initiated-transaction 403 410 429',
    'POST /customer',
    'POST /customer/card',
    'POST /withdraw/account',
    'POST /withdraw/account/v2',
    'DELETE /withdraw/account/{token}',
    'DELETE /withdraw/card/{token}',
    'POST /withdraw/crypto-deposit-address',
    'POST /withdraw/crypto-deposit-address/activate',
    'POST /withdraw/crypto-deposit-address/deactivate',
    'GET /withdraw/crypto-deposit-address/passive',
    'POST /withdraw/debit-card 412',
    'POST /withdraw/eft',
    'DELETE /withdraw/eft/{token}',
    'GET /withdraw/history',
    'POST /withdraw/iban 426',
    'DELETE /withdraw/iban/{token}',
    'POST /withdraw/interac',
    'DELETE /withdraw/interac/{token}',
    'POST /withdraw/kyc 409 451',
    'POST /withdraw/kyc-doc',
    'POST /withdraw/kyc/attested',
    'POST /withdraw/kyc/share-token 400',
    'POST /withdraw/kyc/validate',
    'POST /withdraw/paypal',
    'DELETE /withdraw/paypal/{token}',
    'POST /withdraw/pix',
    'DELETE /withdraw/pix/{token}',
    'POST /withdraw/venmo',
    'DELETE /withdraw/venmo/{token}',
  ],
  wallet: [
    'POST /customer/v2/bankAccount',
    'POST /redeem 412',
    'POST /redeem/evm/creditsAuthMsg 412',
    'POST /redeem/evm/sendGaslessTx 412',
    'POST /redeem/merchant 412',
    'GET /seller/verifyTransaction',
    'GET /withdraw 451',
    'GET /withdraw/balances',
    'POST /withdraw/evm/message',
    'POST /withdraw/evm/transaction 412',
    'POST /withdraw/kyb 409 451',
    'GET /withdraw/quote',
    'POST /withdraw/transaction 412 451',
  ],
  merchant: [
    'POST /checkout/capture',
    'GET /checkout/crypto',
    'POST /checkout/destination-auth-key',
    'POST /checkout/jwt-token',
    'PUT /checkout/review',
    'POST /checkout/void',
    'POST /customer/plaid-check',
    'POST /events',
    'GET /marketplace/kyc/download/{verificationId}',
    'POST /marketplace/link/purchase',
    'POST /marketplace/link/purchase/credits',
    'POST /marketplace/link/seller/login',
    'POST /marketplace/link/seller/registration',
    'POST /marketplace/link/subscription',
    'POST /marketplace/wallet',
    'GET /merchant',
    'PUT /merchant',
    'PUT /merchant/block-seller',
    'PUT /merchant/block-withdrawer/{withdrawerId}',
    'PUT /merchant/blocked/{customerId}',
    'GET /merchant/chargebacks',
    'GET /merchant/chargebacks/rate',
    'GET /merchant/chargebacks/{paymentId}',
    'GET /merchant/chargebacks/{paymentId}/draft',
    'PUT /merchant/chargebacks/{paymentId}/draft',
    'PUT /merchant/chargebacks/{paymentId}/ignore',
    'POST /merchant/chargebacks/{paymentId}/respond',
    'POST /merchant/credits/mint',
    'GET /merchant/credits/status/{jobId}',
    'GET /merchant/customers',
    'GET /merchant/exports',
    'POST /merchant/exports',
    'DELETE /merchant/exports/{exportId}',
    'GET /merchant/exports/{exportId}',
    'GET /merchant/exports/{exportId}/download',
    'GET /merchant/payments',
    'GET /merchant/payments/ach-returns',
    'GET /merchant/payments/enhanced/{paymentId}',
    'GET /merchant/payments/{paymentId}',
    'PUT /merchant/payments/{paymentId}/fail',
    'PUT /merchant/payments/{paymentId}/refund',
    'PUT /merchant/payments/{paymentId}/settle',
    'POST /merchant/program',
    'POST /merchant/settlement-address',
    'GET /merchant/submerchants',
    'GET /merchant/subscription/plans',
    'POST /merchant/subscription/plans',
    'DELETE /merchant/subscription/plans/{planId}',
    'PUT /merchant/subscription/plans/{planId}',
    'GET /merchant/subscription/plans/{planId}/subscribers',
    'GET /merchant/subscription/subscribers/{subscriptionId}',
    'PATCH /merchant/subscription/subscribers/{subscriptionId}',
    'PUT /merchant/unverify-seller',
    'DELETE /merchant/url-whitelist',
    'POST /merchant/url-whitelist-request',
    'GET /merchant/url-whitelist-requests',
    'GET /merchant/webhooks',
    'POST /merchant/webhooks/{webhookLogId} 403 404',
    'GET /merchant/withdrawers',
    'GET /merchant/withdraws',
    'PUT /merchant/withdraws/custom-fees',
    'POST /merchant/withdraws/payout',
    'GET /merchant/withdraws/payout/balance',
    'POST /merchant/withdraws/payout/delegated 402 451 503',
    'POST /merchant/withdraws/payout/delegated/quote',
    'GET /merchant/withdraws/{withdrawalId} 404',
    'PUT /merchant/{customerId}/attemptLimit',
    'PUT /merchant/{customerId}/exempt3DS',
    'PUT /merchant/{customerId}/override-limit',
    'PUT /merchant/{customerId}/protection',
    'GET /refunds',
    'GET /refunds/payment/{paymentId}',
    'GET /refunds/payment/{paymentId}/all',
    'POST /refunds/{refundId}/retry',
    'POST /seller/usdc-withdraw 451',
    'DELETE /seller/usdc-withdraw/recipient',
    'POST /seller/usdc-withdraw/recipient 451',
    'GET /submerchant',
    'POST /submerchant/onboarding-token',
    'GET /submerchant/{submerchantId} 404',
    'POST /utils/send-solana-tx 412 417 503',
    'GET /withdraw/crypto-deposit-address',
  ],
  none: [
    'GET /checkout/apple-pay/validatemerchant',
    'POST /seller 451',
    'GET /utils/contract-address',
    'POST /utils/send-coinflow-tx 412 417 503',
  ],
} as const satisfies Record<string, readonly string[]>;

const BY_NAME = new Map(
  Object.entries(OPERATIONS).flatMap(([credential, rows]) =>
    rows.map((row): [string, DocumentedOperation] => {
      const [method, path, ...statuses] = row.split(' ');
      const name = `${method} ${path}`;
      return [
        name,
        {
          credential: credential as DocumentedCredential,
          statuses: new Set(statuses.map(Number)),
          isIdempotent: IDEMPOTENT.has(name),
        },
      ];
    }),
  ),
);

/** @param name the method and the path template: `GET /customer/v2` */
export function documentedOperation(name: string): DocumentedOperation | undefined {
  return BY_NAME.get(name);
}

/** The operations that `CoinflowApi` knows, by name. */
export function documentedOperations(): IterableIterator<[name: string, operation: DocumentedOperation]> {
  return BY_NAME.entries();
}
