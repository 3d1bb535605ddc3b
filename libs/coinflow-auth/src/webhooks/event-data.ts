import type { CoinflowBlockchain } from '../session/wallet-address.js';

/** Fields beyond those of the documented shapes: Coinflow may add new ones. */
export interface CoinflowOpenData {
  readonly [field: string]: unknown;
}

/** An amount of money, in the smallest unit of its currency. */
export interface CoinflowCents {
  readonly cents: number;
  /** ISO 4217; US dollars if it is absent. */
  readonly currency?: string;
}

/** An amount of money that always names its currency. */
export interface CoinflowCurrencyCents extends CoinflowCents {
  readonly currency: string;
}

/**
 * A string of which Coinflow documents some values.
 *
 * @inline
 */
type OneOf<Known extends string> = Known | (string & {});

/** The blockchain of a wallet; `user` is not a blockchain. */
export type CoinflowEventBlockchain = OneOf<CoinflowBlockchain | 'user'>;

type VersionedFee =
  | 'networkFees'
  | 'merchantPaidFees'
  | 'merchantPaidChargebackProtectionFees'
  | 'merchantPaidGasFees'
  | 'merchantPaidFxFees'
  | 'merchantPaidNetworkFees'
  | 'invoicedCreditCardFees'
  | 'invoicedChargebackProtectionFees'
  | 'invoicedGasFees'
  | 'invoicedFxFees'
  | 'invoicedNetworkFees';

type Fees = Readonly<Record<VersionedFee, CoinflowCents>>;

/** In version 2, `wallet` identifies the user. `webhookInfo` is what the merchant passed at checkout. */
interface Version2 {
  readonly wallet: string;
  readonly customerId?: undefined;
  readonly webhookInfo?: CoinflowOpenData | null;
}

/** In version 3, `customerId` identifies the user. `webhookInfo` is what the merchant passed at checkout. */
interface Version3 {
  readonly customerId: string;
  readonly wallet?: undefined;
  readonly webhookInfo: CoinflowOpenData;
}

interface PaymentFields {
  /** The id of the payment, not of the event: several event types, and every retry, can have the same one. */
  readonly id: string;
  readonly merchantId: string;
  /** The price of the purchase, without fees. */
  readonly subtotal: CoinflowCents;
  readonly fees: CoinflowCents;
  readonly gasFees: CoinflowCents;
  readonly chargebackProtectionFees: CoinflowCents;
  readonly fxFees: CoinflowCents;
  /** What the user paid, including fees. */
  readonly total: CoinflowCents;
  readonly subscription?: CoinflowOpenData;
  readonly paymentMethod?: string;
  readonly cardToken?: string;
  readonly last4?: string;
  readonly bin?: string;
  readonly reasonCode?: string;
  readonly reasonMessage?: string;
}

interface CardChecks {
  readonly avsResponseCode: string;
  readonly cvvResponseCode: string;
  readonly threeDsAuthenticationStatus: string;
}

interface DeclineFields {
  readonly declineCode: string;
  readonly declineDescription: string;
}

interface SettlementFields {
  /** The signature of the transaction that settled the payment. */
  readonly signature: string;
  readonly velocityHold?: boolean;
  readonly reserve?: CoinflowCents;
}

interface ChargebackFields {
  readonly chargebackId: string;
  readonly reasonCode: string;
  readonly reasonDescription: string;
  /** ISO 8601. */
  readonly respondByDate: string;
}

type Payment2<More = unknown> = PaymentFields & Version2 & Partial<Fees> & More & CoinflowOpenData;
type Payment3<More = unknown> = PaymentFields & Version3 & Fees & More & CoinflowOpenData;

/** A payment. Version 3 has `customerId`, version 2 has `wallet`. */
export type CoinflowPaymentData = Payment2 | Payment3;

/** A payment that was declined. */
export type CoinflowDeclinedData = Payment2<DeclineFields & Partial<CardChecks>> | Payment3<DeclineFields & CardChecks>;

/** A settled payment: the merchant owns the money. */
export type CoinflowSettledData =
  | Payment2<SettlementFields & Partial<CardChecks>>
  | Payment3<SettlementFields & CardChecks & { readonly rawCustomerId: string }>;

/** A chargeback with its payment. */
export type CoinflowChargebackData = Payment2<ChargebackFields> | Payment3<ChargebackFields>;

interface SubscriptionFields {
  readonly planCode: string;
  readonly planName: string;
  readonly subscriptionId: string;
  readonly amount: CoinflowCents;
  readonly interval: string;
  readonly fundingMethod: string;
  readonly reason?: string;
  readonly paymentMethod?: string;
}

/** A subscription. Version 3 has `customerId`, version 2 has `wallet`. */
export type CoinflowSubscriptionData = (SubscriptionFields & (Version2 | Version3)) & CoinflowOpenData;

/** The user whose identity was checked. */
export interface CoinflowKycData extends CoinflowOpenData {
  readonly wallet: string;
  readonly blockchain: CoinflowEventBlockchain;
  readonly email: string;
}

/** A sub-merchant of this merchant. */
export interface CoinflowSubMerchantData extends CoinflowOpenData {
  readonly merchantId: string;
  readonly email: string;
  readonly reason?: string;
}

/** A withdrawal to a user. */
export interface CoinflowWithdrawData extends CoinflowOpenData {
  readonly wallet: string;
  readonly blockchain: CoinflowEventBlockchain;
  readonly signature: string;
  readonly userFees: CoinflowCurrencyCents;
  readonly userGasFees: CoinflowCurrencyCents;
  readonly userCustomFees: CoinflowCurrencyCents;
  readonly userSwapFees?: CoinflowCurrencyCents;
  readonly merchantFees: CoinflowCurrencyCents;
  readonly merchantGasFees: CoinflowCurrencyCents;
  readonly merchantSwapFees?: CoinflowCurrencyCents;
  readonly total: CoinflowCurrencyCents;
  readonly currency: string;
  readonly merchantId: string;
  /** The merchant's id of the user if the merchant passed one, otherwise the wallet if there is one. */
  readonly userId?: string;
  readonly idempotencyKey?: string;
}

/** A refund of a payment. */
export interface CoinflowRefundData extends CoinflowOpenData {
  readonly wallet: string;
  readonly blockchain: CoinflowEventBlockchain;
  readonly totals: CoinflowRefundTotals;
  readonly paymentId: string;
  readonly status: OneOf<'Pending' | 'Invoiced' | 'Settled' | 'Failed'>;
  readonly webhookInfo?: CoinflowOpenData | null;
  readonly cardToken?: string;
  readonly last4?: string;
  readonly bin?: string;
}

/** The amounts of a refund. */
export interface CoinflowRefundTotals extends CoinflowOpenData {
  readonly subtotal: CoinflowCurrencyCents;
  readonly processorFees: CoinflowCurrencyCents;
  readonly total: CoinflowCurrencyCents;
  readonly adjustment?: CoinflowCurrencyCents;
  readonly rate: number;
  readonly resolution: CoinflowCurrencyCents;
}

/** A reserve that was held back from a payment. */
export interface CoinflowReserveData extends CoinflowOpenData {
  readonly amount: CoinflowCurrencyCents;
  readonly paymentId: string;
  /** ISO 8601. */
  readonly released: string;
}

/** A request for information about a transfer by IBAN. */
export interface CoinflowIbanRfiData extends CoinflowOpenData {
  readonly rfiId: string;
  readonly merchantId: string;
  readonly mergeTransactionId: string;
  readonly counterpartyName: string;
  readonly amount: CoinflowCurrencyCents;
  readonly paymentType: string;
  readonly paymentDate: string;
  readonly dueDate?: string;
  readonly paymentId?: string;
  readonly customerId?: string;
  readonly withdrawId?: string;
  readonly withdrawerId?: string;
}

interface CryptoTransferFields {
  readonly sessionId: string;
  readonly depositAddress: string;
  readonly blockchainChainId: string;
  readonly blockchainName: string;
  readonly tokenSymbol: string;
  readonly amount: CoinflowCents;
  readonly merchantId: string;
  readonly transactionHash: string;
  /** ISO 8601. */
  readonly receivedAt: string;
}

/** Cryptocurrency received at a deposit address. */
export interface CoinflowCryptoDepositData extends CryptoTransferFields, CoinflowOpenData {
  readonly user: string;
}

/** Cryptocurrency received for a payment. */
export interface CoinflowCryptoPayinData extends CryptoTransferFields, CoinflowOpenData {
  readonly paymentId: string;
  readonly customerId: string;
  readonly customerEmail: string;
}

/** How much of a limit a customer has used. */
export interface CoinflowOverrideLimitData extends CoinflowOpenData {
  readonly customerId: string;
  readonly rawCustomerId: string;
  readonly merchantId: string;
  readonly thresholdPercent: OneOf<'50' | '80' | '100'>;
  readonly currentVolumeCents: number;
  readonly overrideLimitCents: number;
}

/** Money paid out to the merchant. */
export interface CoinflowDisbursedData extends CoinflowOpenData {
  /** The id of the payment, which the `Settled` event had before. */
  readonly id: string;
  readonly merchantId: string;
  readonly signature: string;
  readonly settlementType?: OneOf<'Credits' | 'USDC'>;
  readonly blockchain?: CoinflowEventBlockchain;
  readonly amount: CoinflowCurrencyCents;
  /** ISO 8601. */
  readonly disbursedAt: string;
}
