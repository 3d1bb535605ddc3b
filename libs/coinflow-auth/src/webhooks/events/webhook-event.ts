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
import type { CoinflowEventCategory, CoinflowEventType, KnownCoinflowEventType } from './event-types.js';

type Named<Pattern extends string> = Extract<KnownCoinflowEventType, Pattern>;

/** By name: Coinflow's OpenAPI has the types and the shapes, and does not say which goes with which. The rest are payments. */
type ParticularData = Record<'Settled', CoinflowSettledData> &
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

type DataOfKnown<Type extends KnownCoinflowEventType> = Type extends keyof ParticularData
  ? ParticularData[Type]
  : CoinflowPaymentData;

/** What the event of a type says: a documented shape, and fields that are none yet. */
export type CoinflowEventData<Type extends CoinflowEventType> = Type extends KnownCoinflowEventType
  ? DataOfKnown<Type>
  : CoinflowOpenData;

interface Envelope<Type extends CoinflowEventType> {
  /** What has happened. */
  readonly eventType: Type;
  /** Empty if Coinflow did not say. */
  readonly category: CoinflowEventCategory;
  /** When, in ISO 8601, as Coinflow wrote it; empty if it did not. It may be another one when an event is sent again. */
  readonly created: string;
  /**
   * The merchant that the event is about, as Coinflow names it in `data.merchantId`: yours, a sub-merchant's that
   * `webhook.acceptMerchant` accepts, or the one that a type about sub-merchants names. `undefined` where the event does not say.
   * Users of another merchant are not yours, whatever their ids.
   */
  readonly merchantId: string | undefined;
  /** What the type says. Only its form was checked: it is an object. */
  readonly data: CoinflowEventData<Type>;
  /**
   * SHA-256 of the raw body, as 43 characters of base64url: two events never share it. A retry has the same one if its body is
   * the same. For logs, queues and `CoinflowWebhooks.forget()`. What moves money must be keyed by fields of `data` instead.
   */
  readonly deliveryId: string;
  /** Grows with every run of the delivery: what writes only if it is not lower keeps a run out that has lost its lease. 0 where deliveries are not remembered. */
  readonly fencingToken: number;
  /** Aborted when the lease is lost: another process may run the delivery now. */
  readonly signal: AbortSignal;
}

/**
 * An event of Coinflow's, proven. With a type, what that type says; without one, anything, which {@link isCoinflowEvent}
 * narrows. Versions 2 and 3 differ in who paid: `data.wallet` or `data.customerId`.
 * @example
 * CoinflowWebhookEvent<'Settled'>
 * CoinflowWebhookEvent<'Refund' | 'Refund Complete'>
 */
export type CoinflowWebhookEvent<Type extends CoinflowEventType = string> = Type extends CoinflowEventType
  ? Envelope<Type>
  : never;

/**
 * Whether an event is of one of these types; its data has their shape then.
 * @example
 * if (isCoinflowEvent(event, 'Settled')) credit(event.data.id, event.data.subtotal);
 */
export function isCoinflowEvent<Type extends KnownCoinflowEventType>(
  event: { readonly eventType: string },
  ...types: readonly [Type, ...Type[]]
): event is CoinflowWebhookEvent<Type> {
  return types.some((type) => type === event.eventType);
}
