/** A merchant that the emulator knows. */
export interface EmulatorMerchant {
  merchantId: string;
  /** Not a secret: the key is valid for this emulator only. */
  apiKey: string;
}

/** Two merchants, so that a test can create keys that the other merchant must reject. */
export const DEFAULT_MERCHANTS: readonly [EmulatorMerchant, EmulatorMerchant] = [
  { merchantId: 'demo-merchant', apiKey: 'coinflow_emulator_key_of_demo_merchant' },
  { merchantId: 'other-merchant', apiKey: 'coinflow_emulator_key_of_other_merchant' },
];

/** Finds merchants by id or API key. */
export class Merchants {
  constructor(readonly all: readonly EmulatorMerchant[]) {}

  get ids(): string[] {
    return this.all.map(({ merchantId }) => merchantId);
  }

  /** @param apiKey the raw header value. As at Coinflow, the prefix `Bearer ` makes it invalid. */
  withKey(apiKey: string | undefined): EmulatorMerchant | undefined {
    return this.all.find((merchant) => merchant.apiKey === apiKey);
  }

  withId(merchantId: string): EmulatorMerchant | undefined {
    return this.all.find((merchant) => merchant.merchantId === merchantId);
  }
}
