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

/** Looks merchants up. */
export class Merchants {
  constructor(readonly all: readonly EmulatorMerchant[]) {}

  get ids(): string[] {
    return this.all.map(({ merchantId }) => merchantId);
  }

  /** @param apiKey as it came: `Bearer ` in front of it makes it another key, at Coinflow as here */
  withKey(apiKey: string | undefined): EmulatorMerchant | undefined {
    return this.all.find((merchant) => merchant.apiKey === apiKey);
  }

  withId(merchantId: string): EmulatorMerchant | undefined {
    return this.all.find((merchant) => merchant.merchantId === merchantId);
  }
}
