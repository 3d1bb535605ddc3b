/**
 * A local Coinflow for development and tests.
 * @module coinflow-emulator
 */
export type { EmulatorCall } from './calls.js';
export type { CoinflowEmulator } from './coinflow-emulator.js';
export type { CoinflowEmulatorOptions, EmulatorControl } from './emulator-options.js';
export type { EmulatorEndpoint, EmulatorFault } from './faults.js';
export { DEFAULT_MERCHANTS, type EmulatorMerchant } from './merchants.js';
export type { EmulatorIssuance } from './issuance.js';
export type { EmulatorBlocking } from './operations/blocks.js';
export { DEMO_CARDS, type EmulatorDemoCard } from './operations/demo-cards.js';
export type { EmulatorPayment } from './operations/payments.js';
export type { EmulatorWithdrawer } from './operations/withdrawers.js';
export type { EmulatorOperation } from './operations/operations.js';
export type { EmulatorResponse } from './responses.js';
export type { EmulatorLimits } from './rate-limits.js';
export type { EmulatorRetryAfter } from './http-error.js';
export type { SessionKeyClaims } from './session-keys.js';
export { startCoinflowEmulator } from './start-emulator.js';
export { EVENT_TYPES, type EmulatorEventCategory } from './webhooks/event-types.js';
export type { EmulatorWebhookVersion } from './webhooks/sample-data.js';
export type {
  EmulatorWebhookAttempt,
  EmulatorWebhookEndpoint,
  EmulatorWebhookEvent,
  EmulatorWebhookOrder,
  EmulatorWebhookRegistration,
  EmulatorWebhookResult,
  EmulatorWebhookSending,
  EmulatorWebhookTampering,
} from './webhooks/webhook-options.js';
