import { randomUUID } from 'node:crypto';

/** The versions of webhooks that a merchant can choose between: they differ in who paid. */
export const WEBHOOK_VERSIONS = [2, 3] as const;

/** 2 names the payer's wallet, 3 the merchant's customer. */
export type EmulatorWebhookVersion = (typeof WEBHOOK_VERSIONS)[number];

export type SampleData = Record<string, unknown>;

/** Whose event it is, and when. */
export interface SampleContext {
  version: EmulatorWebhookVersion;
  merchantId: string;
  /** ISO 8601. */
  now: string;
}

const WALLET = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed';
const PAYER = 'alice';

const cents = (amount: number): SampleData => ({ cents: amount });
const usd = (amount: number): SampleData => ({ cents: amount, currency: 'USD' });
const hash = (): string => `0x${randomUUID().replaceAll('-', '').repeat(2)}`;

/** What an event of a type says, with every field that Coinflow documents as required. */
export function sampleData(eventType: string, context: SampleContext): SampleData {
  const [, sample] = SAMPLES.find(([pattern]) => pattern.test(eventType)) ?? [];
  return (sample ?? payment)(context);
}

/** By name, as the documentation does not say which shape goes with which type; what is not here is a payment. */
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
  [/^Crypto Deposit /, (context) => ({ ...cryptoTransfer(context), user: PAYER })],
  [/^Crypto Payin /, cryptoPayin],
  [/^Customer Override /, overrideLimit],
  [/^Disbursed Funds$/, disbursed],
];

function payment({ version, merchantId }: SampleContext): SampleData {
  const fees = ['fees', 'gasFees', 'chargebackProtectionFees', 'fxFees'];
  const feesOf3 = [
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
  const none = [...fees, ...(version === 3 ? feesOf3 : [])].map((name) => [name, cents(0)] as const);
  return {
    id: randomUUID(),
    ...payer(version),
    merchantId,
    webhookInfo: {},
    subtotal: cents(1_500),
    ...Object.fromEntries(none),
    total: cents(1_500),
    paymentMethod: 'card',
    last4: '1111',
  };
}

function payer(version: EmulatorWebhookVersion): SampleData {
  return version === 3 ? { customerId: PAYER } : { wallet: WALLET };
}

function cardChecks(): SampleData {
  return { avsResponseCode: 'Y', cvvResponseCode: 'M', threeDsAuthenticationStatus: 'Y' };
}

function settled(context: SampleContext): SampleData {
  const ofVersion3 = context.version === 3 ? { rawCustomerId: PAYER } : {};
  return { ...payment(context), ...cardChecks(), ...ofVersion3, signature: hash() };
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
    ...payer(version),
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
    userId: PAYER,
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
  const customer = { customerId: PAYER, customerEmail: 'alice@example.com' };
  return { ...cryptoTransfer(context), paymentId: randomUUID(), ...customer };
}

function overrideLimit({ merchantId }: SampleContext): SampleData {
  return {
    customerId: PAYER,
    rawCustomerId: PAYER,
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
