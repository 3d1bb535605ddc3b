/** The category of an event. */
export type EmulatorEventCategory = 'Purchase' | 'Subscription' | 'KYC' | 'Withdraw' | 'Marketplace';

/**
 * Every documented event type by category. Coinflow does not document which category a type has, so it is assumed from
 * the name.
 */
export const EVENT_TYPES: Readonly<Record<EmulatorEventCategory, readonly string[]>> = {
  Purchase: [
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
    'Card Payment Chargeback Opened',
    'Card Payment Chargeback Won',
    'Card Payment Chargeback Lost',
    'Card Payment Suspected Fraud',
    'Payment Pending Review',
    'Refund',
    'Refund Complete',
    'Refund Failure',
    'Refund Returned',
    'Reserve Released',
    'Crypto Overpayment',
    'Crypto Underpayment',
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
  ],
  Subscription: [
    'Subscription Created',
    'Subscription Canceled',
    'Subscription Expired',
    'Subscription Failure',
    'Subscription Concluded',
  ],
  KYC: [
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
  ],
  Withdraw: [
    'Withdraw Pending',
    'Withdraw Success',
    'Withdraw Failure',
    'Withdraw Unclaimed',
    'Withdraw On Hold',
    'Wire Failure',
    'Iban Failure',
    'Interac Failure',
    'CashApp Failure',
    'PayPal Failure',
    'Venmo Failure',
    'Iban RFI Created',
    'Iban RFI Submitted',
  ],
  // Coinflow does not document the category of the events about the configuration.
  Marketplace: ['Seller Blocked', 'Config Method Status Changed', 'Config Fee Changed'],
};

/** The category of a type; `Purchase` for an undocumented type. */
export function categoryOf(eventType: string): EmulatorEventCategory {
  const found = Object.entries(EVENT_TYPES).find(([, types]) => types.includes(eventType));
  return (found?.[0] as EmulatorEventCategory | undefined) ?? 'Purchase';
}
