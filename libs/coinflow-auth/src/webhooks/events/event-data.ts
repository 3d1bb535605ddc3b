import type { CoinflowBlockchain } from '../../options/blockchains.js';

/** Fields that are not in these types: Coinflow adds new ones. */
export interface CoinflowOpenData {
  readonly [field: string]: unknown;
}

/** An amount of money, in the smallest unit of its currency. */
export interface CoinflowCents {
  readonly cents: number;
  /** ISO 4217; US dollars where it is not there. */
  readonly currency?: string;
}

/** An amount of money in a currency that is always said. */
export interface CoinflowCurrencyCents extends CoinflowCents {
  readonly currency: string;
}

/** A text that Coinflow documents some values of. */
type OneOf<Known extends string> = Known | (string & {});

/** Which chain a wallet is on; `user` is none. */
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

/** Who paid, and what the merchant gave at checkout: in version 2 a wallet. */
interface OfVersion2 {
  readonly wallet: string;
  readonly customerId?: undefined;
  readonly webhookInfo?: CoinflowOpenData | null;
}

/** Who paid, and what the merchant gave at checkout: in version 3 a customer. */
interface OfVersion3 {
  readonly customerId: string;
  readonly wallet?: undefined;
  readonly webhookInfo: CoinflowOpenData;
}

interface PaymentFields {
  /** The payment's own id: two types of events, and every retry, can speak of one payment. */
  readonly id: string;
  readonly merchantId: string;
  /** What the payer bought, without fees. */
  readonly subtotal: CoinflowCents;
  readonly fees: CoinflowCents;
  readonly gasFees: CoinflowCents;
  readonly chargebackProtectionFees: CoinflowCents;
  readonly fxFees: CoinflowCents;
  /** What the payer paid, with fees. */
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
  /** Of the transaction that settled it. */
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

type Payment2<More = unknown> = PaymentFields & OfVersion2 & Partial<Fees> & More & CoinflowOpenData;
type Payment3<More = unknown> = PaymentFields & OfVersion3 & Fees & More & CoinflowOpenData;

/** A payment; of version 3 where `customerId` is there, of version 2 where `wallet` is. */
export type CoinflowPaymentData = Payment2 | Payment3;

/** A payment that was declined. */
export type CoinflowDeclinedData = Payment2<DeclineFields & Partial<CardChecks>> | Payment3<DeclineFields & CardChecks>;

/** A payment that has settled: the money is the merchant's. */
export type CoinflowSettledData =
  | Payment2<SettlementFields & Partial<CardChecks>>
  | Payment3<SettlementFields & CardChecks & { readonly rawCustomerId: string }>;

/** A chargeback, with its payment. */
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

/** A subscription; of version 3 where `customerId` is there, of version 2 where `wallet` is. */
export type CoinflowSubscriptionData = (SubscriptionFields & (OfVersion2 | OfVersion3)) & CoinflowOpenData;

/** Who was looked at. */
export interface CoinflowKycData extends CoinflowOpenData {
  readonly wallet: string;
  readonly blockchain: CoinflowEventBlockchain;
  readonly email: string;
}

/** A merchant below this one. */
export interface CoinflowSubMerchantData extends CoinflowOpenData {
  readonly merchantId: string;
  readonly email: string;
  readonly reason?: string;
}

/** Money on its way to a payee. */
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
  /** The merchant's own id of the user, if it was given; otherwise the wallet, if there is one. */
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

/** A reserve that was held back of a payment. */
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

/** Cryptocurrency that has arrived at a deposit address. */
export interface CoinflowCryptoDepositData extends CryptoTransferFields, CoinflowOpenData {
  readonly user: string;
}

/** Cryptocurrency that has arrived for a payment. */
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

/** Money that has been paid out to the merchant. */
export interface CoinflowDisbursedData extends CoinflowOpenData {
  /** The payment's id: its `Settled` spoke of it before. */
  readonly id: string;
  readonly merchantId: string;
  readonly signature: string;
  readonly settlementType?: OneOf<'Credits' | 'USDC'>;
  readonly blockchain?: CoinflowEventBlockchain;
  readonly amount: CoinflowCurrencyCents;
  /** ISO 8601. */
  readonly disbursedAt: string;
}
