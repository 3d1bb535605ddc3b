/** The credentials that Coinflow documents for an operation. */
export type OperationCredential =
  /** The session key alone. */
  | 'session'
  /** The API key and the id of the user. */
  | 'user'
  /** Wallet and blockchain, with the API key or with the wallet's signature. */
  | 'wallet'
  /** The API key alone. */
  | 'merchant'
  /** The session key and the API key together. Not documented: the API was seen to require both. */
  | 'session+merchant'
  | 'none';

export interface OperationFacts {
  readonly credential: OperationCredential;
  /** The documented statuses. */
  readonly statuses: readonly number[];
  /** Whether the body has the field `idempotencyKey`. */
  readonly idempotencyKey: boolean;
}

/** Each takes the documented statuses besides 200. */
const session = documented('session');
const user = documented('user');
const wallet = documented('wallet');
const merchant = documented('merchant');
const sessionAndMerchant = documented('session+merchant');
const none = documented('none');

/** The documented operations of Coinflow, except for authentication and the card vault. Paths are below `/api`. */
export const OPERATIONS = {
  'POST /checkout/ach/{merchantId}': session(423, 428, 451),
  'POST /checkout/apa/{merchantId}': session(423, 451),
  'GET /checkout/apple-pay/validatemerchant': none(),
  'POST /checkout/capture': merchant(),
  'POST /checkout/card-on-file': user(403, 410, 412),
  'POST /checkout/card-on-file-authorized': user(403, 410, 412),
  'POST /checkout/card/{merchantId}': session(412, 423, 451),
  'POST /checkout/cashapp/{merchantId}': session(412, 423, 451),
  'GET /checkout/crypto': merchant(),
  'POST /checkout/crypto': user(423),
  'POST /checkout/destination-auth-key': merchant(),
  'POST /checkout/evm/usdc-authorization': session(),
  'POST /checkout/fees': session(),
  'POST /checkout/google-pay/{merchantId}': session(402, 412, 423, 451),
  'POST /checkout/iban': session(423, 426, 428, 451),
  'POST /checkout/iban/token': session(423, 428, 451),
  'POST /checkout/interac': session(423, 451),
  'POST /checkout/interac/token': session(423, 451),
  'POST /checkout/jwt-token': idempotent(merchant()),
  'POST /checkout/link': idempotent(user()),
  'POST /checkout/merchant-initiated-transaction': user(403, 410, 429),
  'POST /checkout/paypal/token/{merchantId}': session(412, 423, 451),
  'POST /checkout/paypal/{merchantId}': session(412, 423, 451),
  'POST /checkout/pix': session(),
  'PUT /checkout/review': merchant(),
  'POST /checkout/token/{merchantId}': session(412, 422, 423, 451),
  'POST /checkout/totals/{merchantId}': session(),
  'POST /checkout/v2/apple-pay/{merchantId}': session(402, 423, 451),
  'POST /checkout/venmo/token/{merchantId}': session(412, 423, 451),
  'POST /checkout/venmo/{merchantId}': session(412, 423, 451),
  'POST /checkout/void': merchant(),
  'POST /checkout/wire': session(412, 423, 428, 451),
  'POST /checkout/wire/token': session(412, 423, 428, 451),
  'POST /checkout/zero-authorization/{merchantId}': session(403, 410, 412),

  'POST /customer': user(),
  'GET /customer/balances/{merchantIdOrCreditSeed}': session(),
  'DELETE /customer/bankAccount/{token}': session(),
  'POST /customer/card': user(),
  'DELETE /customer/card/{cardToken}': session(),
  'GET /customer/history': session(),
  'GET /customer/history/{paymentId}': session(),
  'POST /customer/iban': session(),
  'DELETE /customer/iban/{token}': session(),
  'DELETE /customer/interac/{token}': session(),
  'DELETE /customer/paypal/{token}': session(),
  'POST /customer/plaid-check': merchant(),
  'GET /customer/v2': session(412, 451),
  'POST /customer/v2/bankAccount': wallet(),
  'DELETE /customer/venmo/{token}': session(),

  'POST /events': merchant(),

  'POST /seller': none(451),
  'POST /seller/usdc-withdraw': merchant(451),
  'DELETE /seller/usdc-withdraw/recipient': merchant(),
  'POST /seller/usdc-withdraw/recipient': merchant(451),
  'GET /seller/verifyTransaction': wallet(),

  'GET /marketplace/kyc/download/{verificationId}': merchant(),
  'POST /marketplace/link/purchase': merchant(),
  'POST /marketplace/link/purchase/credits': merchant(),
  'POST /marketplace/link/seller/login': merchant(),
  'POST /marketplace/link/seller/registration': merchant(),
  'POST /marketplace/link/subscription': merchant(),
  'POST /marketplace/wallet': merchant(),

  'GET /withdraw': wallet(451),
  'POST /withdraw/account': user(),
  'POST /withdraw/account/v2': user(),
  'DELETE /withdraw/account/{token}': user(),
  'GET /withdraw/balances': wallet(),
  'DELETE /withdraw/card/{token}': user(),
  'GET /withdraw/crypto-deposit-address': merchant(),
  'POST /withdraw/crypto-deposit-address': user(),
  'POST /withdraw/crypto-deposit-address/activate': user(),
  'POST /withdraw/crypto-deposit-address/deactivate': user(),
  'GET /withdraw/crypto-deposit-address/passive': user(),
  'POST /withdraw/debit-card': user(412),
  'POST /withdraw/eft': user(),
  'DELETE /withdraw/eft/{token}': user(),
  'POST /withdraw/evm/message': wallet(),
  'POST /withdraw/evm/transaction': wallet(412),
  'GET /withdraw/history': user(),
  'POST /withdraw/iban': user(426),
  'DELETE /withdraw/iban/{token}': user(),
  'POST /withdraw/interac': user(),
  'DELETE /withdraw/interac/{token}': user(),
  'POST /withdraw/kyb': wallet(409, 451),
  'POST /withdraw/kyc': user(409, 451),
  'POST /withdraw/kyc-doc': user(),
  'POST /withdraw/kyc/attested': user(),
  'POST /withdraw/kyc/share-token': user(400),
  'POST /withdraw/kyc/validate': user(),
  'POST /withdraw/paypal': user(),
  'DELETE /withdraw/paypal/{token}': user(),
  'POST /withdraw/pix': user(),
  'DELETE /withdraw/pix/{token}': user(),
  'GET /withdraw/quote': wallet(),
  'POST /withdraw/transaction': wallet(412, 451),
  'POST /withdraw/venmo': user(),
  'DELETE /withdraw/venmo/{token}': user(),

  'GET /merchant': merchant(),
  'PUT /merchant': merchant(),
  'PUT /merchant/block-seller': merchant(),
  'PUT /merchant/block-withdrawer/{withdrawerId}': merchant(),
  'PUT /merchant/blocked/{customerId}': merchant(),
  'GET /merchant/chargebacks': merchant(),
  'GET /merchant/chargebacks/rate': merchant(),
  'GET /merchant/chargebacks/{paymentId}': merchant(),
  'GET /merchant/chargebacks/{paymentId}/draft': merchant(),
  'PUT /merchant/chargebacks/{paymentId}/draft': merchant(),
  'PUT /merchant/chargebacks/{paymentId}/ignore': merchant(),
  'POST /merchant/chargebacks/{paymentId}/respond': merchant(),
  'POST /merchant/credits/mint': idempotent(merchant()),
  'GET /merchant/credits/status/{jobId}': merchant(),
  'GET /merchant/customers': merchant(),
  'GET /merchant/exports': merchant(),
  'POST /merchant/exports': merchant(),
  'DELETE /merchant/exports/{exportId}': merchant(),
  'GET /merchant/exports/{exportId}': merchant(),
  'GET /merchant/exports/{exportId}/download': merchant(),
  'GET /merchant/payments': merchant(),
  'GET /merchant/payments/ach-returns': merchant(),
  'GET /merchant/payments/enhanced/{paymentId}': merchant(),
  'GET /merchant/payments/{paymentId}': merchant(),
  'PUT /merchant/payments/{paymentId}/fail': merchant(),
  'PUT /merchant/payments/{paymentId}/refund': merchant(),
  'PUT /merchant/payments/{paymentId}/settle': merchant(),
  'POST /merchant/program': merchant(),
  'POST /merchant/settlement-address': merchant(),
  'GET /merchant/submerchants': merchant(),
  'GET /merchant/subscription/plans': merchant(),
  'POST /merchant/subscription/plans': merchant(),
  'DELETE /merchant/subscription/plans/{planId}': merchant(),
  'PUT /merchant/subscription/plans/{planId}': merchant(),
  'GET /merchant/subscription/plans/{planId}/subscribers': merchant(),
  'GET /merchant/subscription/subscribers/{subscriptionId}': merchant(),
  'PATCH /merchant/subscription/subscribers/{subscriptionId}': merchant(),
  'PUT /merchant/unverify-seller': merchant(),
  'DELETE /merchant/url-whitelist': merchant(),
  'POST /merchant/url-whitelist-request': merchant(),
  'GET /merchant/url-whitelist-requests': merchant(),
  'GET /merchant/v2': sessionAndMerchant(),
  'GET /merchant/webhooks': merchant(),
  'POST /merchant/webhooks/{webhookLogId}': merchant(403, 404),
  'GET /merchant/withdrawers': merchant(),
  'GET /merchant/withdraws': merchant(),
  'PUT /merchant/withdraws/custom-fees': merchant(),
  'POST /merchant/withdraws/payout': merchant(),
  'GET /merchant/withdraws/payout/balance': merchant(),
  'POST /merchant/withdraws/payout/delegated': idempotent(merchant(402, 451, 503)),
  'POST /merchant/withdraws/payout/delegated/quote': merchant(),
  'GET /merchant/withdraws/{withdrawalId}': merchant(404),
  'PUT /merchant/{customerId}/attemptLimit': merchant(),
  'PUT /merchant/{customerId}/exempt3DS': merchant(),
  'PUT /merchant/{customerId}/override-limit': merchant(),
  'PUT /merchant/{customerId}/protection': merchant(),

  'POST /redeem': wallet(412),
  'POST /redeem/evm/creditsAuthMsg': wallet(412),
  'POST /redeem/evm/sendGaslessTx': wallet(412),
  'POST /redeem/merchant': wallet(412),

  'GET /refunds': merchant(),
  'GET /refunds/payment/{paymentId}': merchant(),
  'GET /refunds/payment/{paymentId}/all': merchant(),
  'POST /refunds/{refundId}/retry': merchant(),

  'GET /submerchant': merchant(),
  'POST /submerchant/onboarding-token': merchant(),
  'GET /submerchant/{submerchantId}': merchant(404),

  'GET /subscription/{merchantId}/plans': session(),
  'GET /subscription/{merchantId}/plans/{code}': session(),
  'GET /subscription/{merchantId}/subscribers': session(),
  'POST /subscription/{merchantId}/subscribers/ach': session(428),
  'POST /subscription/{merchantId}/subscribers/card': session(),
  'POST /subscription/{merchantId}/subscribers/token': session(422),
  'PATCH /subscription/{merchantId}/subscribers/{subscriptionId}': session(),

  'GET /utils/contract-address': none(),
  'POST /utils/send-coinflow-tx': none(412, 417, 503),
  'POST /utils/send-solana-tx': merchant(412, 417, 503),
} as const satisfies Readonly<Record<string, OperationFacts>>;

/** An operation of Coinflow: its method and the template of its path below `/api`. */
export type EmulatorOperation = keyof typeof OPERATIONS;

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly EmulatorOperation[];

function documented(credential: OperationCredential) {
  return (...statuses: number[]): OperationFacts => ({
    credential,
    statuses: [200, ...statuses],
    idempotencyKey: false,
  });
}

function idempotent(facts: OperationFacts): OperationFacts {
  return { ...facts, idempotencyKey: true };
}
