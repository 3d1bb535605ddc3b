/** A merchant that the emulator knows. */
export interface EmulatorMerchant {
  merchantId: string;
  /** The API key that stands for the merchant: not secret, nothing but the emulator knows it. */
  apiKey: string;
}

/** Two merchants, so that one can mint session keys that the other must refuse. */
export const DEFAULT_MERCHANTS: readonly [EmulatorMerchant, EmulatorMerchant] = [
  { merchantId: 'demo-merchant', apiKey: 'coinflow_emulator_key_of_demo_merchant' },
  { merchantId: 'other-merchant', apiKey: 'coinflow_emulator_key_of_other_merchant' },
];
