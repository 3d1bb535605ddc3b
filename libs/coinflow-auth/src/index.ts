/**
 * The module, its guard, decorators, services, options and errors.
 * @module nestjs-coinflow-auth
 */
// A type that only arguments have is not exported: an index (CoinflowAuthModuleOptions['cache']) or Parameters<> gives it.

// The module and its options
export {
  CoinflowAuthModule,
  type CoinflowAuthOptionsFactory,
  type CoinflowAuthRootAsyncOptions,
  type CoinflowAuthRootOptions,
} from './coinflow-auth.module.js';
export type { CoinflowEnv } from './options/base-url.js';
export type { CoinflowBudgetOptions } from './options/coinflow-auth-options.js';
export type { CoinflowAuthModuleOptions } from './options/coinflow-auth-options.js';
export type { CoinflowSharedStore } from './options/store-contracts.js';

// Guarding routes
export { CoinflowAuthGuard } from './coinflow-auth.guard.js';
export type {
  CoinflowContextAdapter,
  CoinflowContextRequest,
  OnSessionEnd,
  ResponseWithHeaders,
} from './options/context-contracts.js';
export { CoinflowAuth, CoinflowOptional, CoinflowPublic } from './decorators/access.decorators.js';
export {
  CurrentSession,
  InjectCoinflowApi,
  InjectCoinflowAuth,
  InjectCoinflowWebhooks,
  SessionUser,
  type UserOf,
} from './decorators/inject.decorators.js';
export { COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME } from './decorators/openapi.js';
export { describeRoutes } from './route-audit/route-audit.js';
export type { CoinflowRouteDescription } from './route-audit/describe-handlers.js';
export type { CoinflowRoute, CoinflowRoutePolicy } from './options/route-policy.js';

// Extracting the session key from a request
export {
  SESSION_KEY_HEADER,
  type FoundSessionKey,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './extraction/session-key-extractor.js';
export { SessionKeyExtractors } from './extraction/built-in-extractors.js';

// Creating, verifying and revoking session keys
export type { CoinflowAnonymousResult, CoinflowRequestResult, CoinflowRevocation } from './coinflow-auth.interfaces.js';
export { CoinflowAuthService } from './coinflow-auth.service.js';
export type { MessageToSign } from './http/coinflow-client.js';
export { COINFLOW_BLOCKCHAINS, type CoinflowBlockchain, type KnownBlockchain } from './session/wallet-address.js';
export { CoinflowSession } from './session/coinflow-session.js';
export type { SessionKeySubject, SignedWallet } from './issuance/subject-arguments.js';
export type { CoinflowSubject, CoinflowUserSubject, CoinflowWalletSubject } from './session/subject.js';

// Calling the rest of Coinflow
export { CoinflowApi } from './api/coinflow-api.js';
export type { CoinflowApiCallOptions } from './api/api-types.js';
export type { CoinflowApiAuth } from './api/call-credentials.js';
export type { CoinflowApiErrorReason } from './errors/api-reasons.js';

// Decisions and metrics
export type { CoinflowBudgetMetrics } from './budget/budget-statistics.js';
export type { CoinflowSharedStoreMetrics } from './cache/shared-cache.js';
export type { CoinflowDecision, CoinflowDecisionOutcome } from './metrics/coinflow-decision.js';
export type {
  CoinflowAuthMetrics,
  CoinflowDecisionMetrics,
  CoinflowCacheMetrics,
  CoinflowIssuanceMetrics,
} from './metrics/metrics.js';
export type { CoinflowDecidedBy } from './verification/verification-result.js';

// Errors
export { CoinflowAuthExceptionFilter } from './contexts/exception.filter.js';
export { toHttpException } from './contexts/http-exception.js';
export {
  CoinflowApiError,
  CoinflowAuthError,
  CoinflowBudgetExhaustedError,
  CoinflowCrossSiteError,
  CoinflowInvalidArgumentError,
  CoinflowIssuanceDeniedError,
  CoinflowMisconfiguredError,
  CoinflowOutcomeUnknownError,
  CoinflowSessionKeyExpiredError,
  CoinflowSessionKeyMalformedError,
  CoinflowSessionKeyMissingError,
  CoinflowSessionRejectedError,
  CoinflowSessionRevokedError,
  CoinflowSessionWrongMerchantError,
  CoinflowSignatureRejectedError,
  CoinflowSubjectNotAllowedError,
  CoinflowTooManyRequestsError,
  CoinflowUnavailableError,
  CoinflowUserNotFoundError,
  CoinflowWebhookBusyError,
  CoinflowWebhookMalformedError,
  CoinflowWebhookSignatureInvalidError,
  CoinflowWebhookSignatureTooOldError,
  CoinflowWebhookStoreUnavailableError,
  CoinflowWebhookUnavailableError,
  CoinflowWebhookUnsupportedTypeError,
  isCoinflowAuthError,
  isTemporary,
  type AnyCoinflowAuthError,
} from './errors/coinflow-auth.errors.js';
export type { CoinflowAuthErrorCode } from './errors/error-statuses.js';

// Webhooks
export { CoinflowEvent, CoinflowWebhook, OnCoinflowEvent } from './decorators/webhook.decorators.js';
export type { DeliveryClaim, DeliveryStore } from './options/store-contracts.js';
export type { CoinflowWebhookOptions } from './options/coinflow-auth-options.js';
export * from './webhooks/event-data.js';
export {
  COINFLOW_EVENT_CATEGORIES,
  COINFLOW_EVENT_TYPES,
  type CoinflowEventCategory,
  type CoinflowEventData,
  type CoinflowEventType,
  type KnownCoinflowEventType,
} from './webhooks/event-types.js';
export { isCoinflowEvent, type CoinflowWebhookEvent } from './webhooks/webhook-event.js';
export { CoinflowWebhookGuard } from './webhooks/webhook.guard.js';
export { CoinflowWebhooks } from './webhooks/coinflow-webhooks.js';
export type { CoinflowWebhookMetrics } from './webhooks/webhook-metrics.js';
export {
  COINFLOW_SIGNATURE_HEADER,
  signWebhook,
  verifyWebhookSignature,
  type VerifiedWebhook,
} from './webhooks/signature.js';
