import { randomUUID } from 'node:crypto';

/** The webhook versions that a merchant can choose. They differ in how an event names the user. */
export const WEBHOOK_VERSIONS = [2, 3] as const;

/** Version 2 names the wallet of the user, version 3 the customer id. */
export type EmulatorWebhookVersion = (typeof WEBHOOK_VERSIONS)[number];

export type SampleData = Record<string, unknown>;

/** The context of a sample event. */
export interface SampleContext {
  version: EmulatorWebhookVersion;
  merchantId: string;
  /** ISO 8601. */
  now: string;
}

const WALLET = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const CUSTOMER_ID = 'alice';

const cents = (amount: number): SampleData => ({ cents: amount });
const usd = (amount: number): SampleData => ({ cents: amount, currency: 'USD' });
const hash = (): string => `0x${randomUUID().replaceAll('-', '').repeat(2)}`;

/** Sample data for an event type with every field that Coinflow documents as required. */
export function sampleData(eventType: string, context: SampleContext): SampleData {
  const [, sample] = SAMPLES.find(([pattern]) => pattern.test(eventType)) ?? [];
  return (sample ?? payment)(context);
}

/** The shapes by event type. Coinflow does not document the shape of each type; other types have that of a payment. */
const SAMPLES: readonly [RegExp, (context: SampleContext) => SampleData][] = [
  [/^Settled$/, settled],
  [/^Card Payment Declined$/, declined],
  [/ Payment Chargeback /, chargeback],
  [/^Subscription /, subscription],
  [/^KYC /, () => ({ wallet: WALLET, blockchain: 'eth', email: 'alice@example.com' })],
  [
    /^(?:Sub-merchant|Seller) /,
    ({ merchantId }) => ({ merchantId: `${merchantId}-seller`, email: 'seller@example.com' }),
  ],
  [/^Config /, ({ merchantId }) => ({ merchantId })],
  [/^Refund/, refund],
  [/^Reserve Released$/, ({ now }) => ({ amount: usd(100), paymentId: randomUUID(), released: now })],
  [/^Iban RFI /, ibanRfi],
  [/^Withdraw |^(?:Wire|Iban|Interac|CashApp|PayPal|Venmo) Failure$/, withdraw],
  [/^Crypto Deposit /, (context) => ({ ...cryptoTransfer(context), user: CUSTOMER_ID })],
  [/^Crypto Payin /, cryptoPayin],
  [/^Customer Override /, overrideLimit],
  [/^Disbursed Funds$/, disbursed],
];

function payment({ version, merchantId }: SampleContext): SampleData {
  const fees = ['fees', 'gasFees', 'chargebackProtectionFees', 'fxFees'];
  const version3Fees = [
    'networkFees',
    'merchantPaidFees',
    'merchantPaidChargebackProtectionFees',
    'merchantPaidGasFees',
    'merchantPaidFxFees',
    'merchantPaidNetworkFees',
    'invoicedCreditCardFees',
    'invoicedChargebackProtectionFees',
    'invoicedGasFees',
    'invoicedFxFees',
    'invoicedNetworkFees',
  ];
  const noFees = [...fees, ...(version === 3 ? version3Fees : [])].map((name) => [name, cents(0)] as const);
  return {
    id: randomUUID(),
    ...userFields(version),
    merchantId,
    webhookInfo: {},
    subtotal: cents(1_500),
    ...Object.fromEntries(noFees),
    total: cents(1_500),
    paymentMethod: 'card',
    last4: '1111',
  };
}

function userFields(version: EmulatorWebhookVersion): SampleData {
  return version === 3 ? { customerId: CUSTOMER_ID } : { wallet: WALLET };
}

function cardChecks(): SampleData {
  return { avsResponseCode: 'Y', cvvResponseCode: 'M', threeDsAuthenticationStatus: 'Y' };
}

function settled(context: SampleContext): SampleData {
  const version3Fields = context.version === 3 ? { rawCustomerId: CUSTOMER_ID } : {};
  return { ...payment(context), ...cardChecks(), ...version3Fields, signature: hash() };
}

function declined(context: SampleContext): SampleData {
  return { ...payment(context), ...cardChecks(), declineCode: '05', declineDescription: 'Do not honor' };
}

function chargeback(context: SampleContext): SampleData {
  return {
    ...payment(context),
    chargebackId: randomUUID(),
    reasonCode: '10.4',
    reasonDescription: 'Other fraud: card absent environment',
    respondByDate: context.now,
  };
}

function subscription({ version }: SampleContext): SampleData {
  return {
    planCode: 'gold',
    planName: 'Gold',
    subscriptionId: randomUUID(),
    ...userFields(version),
    amount: cents(900),
    interval: 'Monthly',
    fundingMethod: 'card',
    webhookInfo: {},
  };
}

function refund(): SampleData {
  const totals = { subtotal: usd(1_500), processorFees: usd(0), total: usd(1_500), rate: 1, resolution: usd(1_500) };
  return { wallet: WALLET, blockchain: 'eth', totals, paymentId: randomUUID(), status: 'Settled' };
}

function withdraw({ merchantId }: SampleContext): SampleData {
  const fees = ['userFees', 'userGasFees', 'userCustomFees', 'merchantFees', 'merchantGasFees'];
  return {
    wallet: WALLET,
    blockchain: 'eth',
    signature: hash(),
    ...Object.fromEntries(fees.map((name) => [name, usd(0)])),
    total: usd(5_000),
    currency: 'USD',
    merchantId,
    userId: CUSTOMER_ID,
    idempotencyKey: randomUUID(),
  };
}

function ibanRfi({ merchantId, now }: SampleContext): SampleData {
  return {
    rfiId: randomUUID(),
    merchantId,
    mergeTransactionId: randomUUID(),
    counterpartyName: 'Alice',
    amount: usd(5_000),
    paymentType: 'payout',
    paymentDate: now,
  };
}

function cryptoTransfer({ merchantId, now }: SampleContext): SampleData {
  return {
    sessionId: randomUUID(),
    depositAddress: WALLET,
    blockchainChainId: '8453',
    blockchainName: 'Base',
    tokenSymbol: 'USDC',
    amount: cents(1_500),
    merchantId,
    transactionHash: hash(),
    receivedAt: now,
  };
}

function cryptoPayin(context: SampleContext): SampleData {
  const customer = { customerId: CUSTOMER_ID, customerEmail: 'alice@example.com' };
  return { ...cryptoTransfer(context), paymentId: randomUUID(), ...customer };
}

function overrideLimit({ merchantId }: SampleContext): SampleData {
  return {
    customerId: CUSTOMER_ID,
    rawCustomerId: CUSTOMER_ID,
    merchantId,
    thresholdPercent: '80',
    currentVolumeCents: 80_000,
    overrideLimitCents: 100_000,
  };
}

function disbursed({ merchantId, now }: SampleContext): SampleData {
  return {
    id: randomUUID(),
    merchantId,
    signature: hash(),
    settlementType: 'USDC',
    blockchain: 'solana',
    amount: usd(1_500),
    disbursedAt: now,
  };
}
