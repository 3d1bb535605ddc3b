export type { EmulatorCall } from './calls.js';
export type { EmulatorEndpoint, EmulatorFault } from './faults.js';
export { DEFAULT_MERCHANTS, type EmulatorMerchant } from './merchants.js';
export type { SessionKeyClaims } from './session-keys.js';
export { startCoinflowEmulator, type CoinflowEmulator, type CoinflowEmulatorOptions } from './start-emulator.js';
