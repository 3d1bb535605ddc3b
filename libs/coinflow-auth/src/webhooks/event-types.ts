import type {
  CoinflowChargebackData,
  CoinflowCryptoDepositData,
  CoinflowCryptoPayinData,
  CoinflowDeclinedData,
  CoinflowDisbursedData,
  CoinflowIbanRfiData,
  CoinflowKycData,
  CoinflowOpenData,
  CoinflowOverrideLimitData,
  CoinflowPaymentData,
  CoinflowRefundData,
  CoinflowReserveData,
  CoinflowSettledData,
  CoinflowSubMerchantData,
  CoinflowSubscriptionData,
  CoinflowWithdrawData,
} from './event-data.js';

/** The event types that Coinflow documents. Coinflow may add others: see {@link CoinflowEventType}. */
export const COINFLOW_EVENT_TYPES = [
  'Card Payment Authorized',
  'Card Payment Declined',
  'Card Payment Voided',
  'Credits Minted',
  'ACH Initiated',
  'ACH Success',
  'ACH Returned',
  'ACH Failed',
  'ACH Chargeback',
  'ACH Batched',
  'PIX Failed',
  'PIX Expiration',
  'Payment Authorized',
  'Payment Expiration',
  'Settled',
  'Wire Initiated',
  'USDC Payment Received',
  'Subscription Created',
  'Subscription Canceled',
  'Subscription Expired',
  'Subscription Failure',
  'Subscription Concluded',
  'Card Payment Chargeback Opened',
  'Card Payment Chargeback Won',
  'Card Payment Chargeback Lost',
  'Card Payment Suspected Fraud',
  'Payment Pending Review',
  'KYC Created',
  'KYC Success',
  'KYC Failure',
  'Sub-merchant KYB Created',
  'Sub-merchant KYB Success',
  'Sub-merchant KYB Failure',
  'Sub-merchant Application Submitted',
  'Sub-merchant Application Approved',
  'Sub-merchant Application Declined',
  'Sub-merchant RFI Sent',
  'Sub-merchant RFI Submitted',
  'Withdraw Pending',
  'Withdraw Success',
  'Withdraw Failure',
  'Withdraw Unclaimed',
  'Withdraw On Hold',
  'Seller Blocked',
  'Refund',
  'Refund Complete',
  'Refund Failure',
  'Refund Returned',
  'Wire Failure',
  'Iban Failure',
  'Interac Failure',
  'CashApp Failure',
  'PayPal Failure',
  'Venmo Failure',
  'Reserve Released',
  'Crypto Overpayment',
  'Crypto Underpayment',
  'Iban RFI Created',
  'Iban RFI Submitted',
  'Crypto Deposit Funds Received',
  'Customer Override Limit Threshold',
  'Crypto Payin Funds Received',
  'PayPal Payment Authorized',
  'PayPal Payment Voided',
  'PayPal Payment Chargeback Opened',
  'PayPal Payment Chargeback Won',
  'PayPal Payment Chargeback Lost',
  'Venmo Payment Authorized',
  'Venmo Payment Voided',
  'Venmo Payment Chargeback Opened',
  'Venmo Payment Chargeback Won',
  'Venmo Payment Chargeback Lost',
  'Disbursed Funds',
  'Config Method Status Changed',
  'Config Fee Changed',
] as const;

/** An event type that Coinflow documents. */
export type KnownCoinflowEventType = (typeof COINFLOW_EVENT_TYPES)[number];

/** An event type: a documented one, or any string, because Coinflow may add new ones. */
export type CoinflowEventType = KnownCoinflowEventType | (string & {});

/** The event categories that Coinflow documents. */
export const COINFLOW_EVENT_CATEGORIES = ['Purchase', 'Subscription', 'KYC', 'Withdraw', 'Marketplace'] as const;

/** An event category: a documented one, or any string. */
export type CoinflowEventCategory = (typeof COINFLOW_EVENT_CATEGORIES)[number] | (string & {});

type Named<Pattern extends string> = Extract<KnownCoinflowEventType, Pattern>;

/**
 * Matched by name: Coinflow's OpenAPI document has the types and the shapes, but does not link them. Types without an
 * entry carry a payment.
 */
type DataByType = Record<'Settled', CoinflowSettledData> &
  Record<'Card Payment Declined', CoinflowDeclinedData> &
  Record<Named<`${string} Payment Chargeback ${string}`>, CoinflowChargebackData> &
  Record<Named<`Subscription ${string}`>, CoinflowSubscriptionData> &
  Record<Named<`KYC ${string}`>, CoinflowKycData> &
  Record<Named<`Sub-merchant KYB ${string}`>, CoinflowSubMerchantData> &
  Record<Named<'Refund' | `Refund ${string}`>, CoinflowRefundData> &
  Record<'Reserve Released', CoinflowReserveData> &
  Record<Named<`Iban RFI ${string}`>, CoinflowIbanRfiData> &
  Record<Named<`Withdraw ${string}`>, CoinflowWithdrawData> &
  Record<Named<`${'Wire' | 'Iban' | 'Interac' | 'CashApp' | 'PayPal' | 'Venmo'} Failure`>, CoinflowWithdrawData> &
  Record<'Crypto Deposit Funds Received', CoinflowCryptoDepositData> &
  Record<'Crypto Payin Funds Received', CoinflowCryptoPayinData> &
  Record<'Customer Override Limit Threshold', CoinflowOverrideLimitData> &
  Record<'Disbursed Funds', CoinflowDisbursedData> &
  Record<Named<`Sub-merchant ${'Application' | 'RFI'} ${string}` | `Config ${string}`>, CoinflowOpenData> &
  Record<'Seller Blocked' | 'ACH Chargeback', CoinflowOpenData>;

type DataOfKnown<Type extends KnownCoinflowEventType> = Type extends keyof DataByType
  ? DataByType[Type]
  : CoinflowPaymentData;

/** The data of an event type: a documented shape, plus fields that Coinflow may add. */
export type CoinflowEventData<Type extends CoinflowEventType> = Type extends KnownCoinflowEventType
  ? DataOfKnown<Type>
  : CoinflowOpenData;
