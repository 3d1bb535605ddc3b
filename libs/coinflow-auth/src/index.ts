export { CoinflowAuthGuard } from './coinflow-auth.guard.js';
export {
  CoinflowAuthModule,
  type CoinflowAuthModuleExtras,
  type CoinflowAuthOptionsFactory,
  type CoinflowAuthRootAsyncOptions,
  type CoinflowAuthRootOptions,
} from './coinflow-auth.module.js';
export {
  CoinflowAuthService,
  type CoinflowRevocation,
  type CreateSessionKeyOptions,
  type VerifySessionKeyOptions,
} from './coinflow-auth.service.js';
export { CoinflowAuthExceptionFilter } from './contexts/coinflow-auth-exception.filter.js';
export type { CoinflowHttpContext } from './contexts/http-context.js';
export { toHttpException, type ResponseWithHeaders } from './contexts/http-exception.js';
export { CoinflowAuth, CoinflowOptional, CoinflowPublic } from './decorators/access.decorators.js';
export { COINFLOW_SESSION_SCHEME, COINFLOW_SESSION_SCHEME_NAME } from './decorators/api-documentation.js';
export { InjectCoinflowAuth } from './decorators/inject-coinflow-auth.decorator.js';
export { CurrentSession } from './decorators/current-session.decorator.js';
export * from './errors/coinflow-auth.errors.js';
export type { CoinflowAuthErrorCode } from './errors/error-catalogue.js';
export {
  SESSION_KEY_HEADER,
  type AuthenticationScheme,
  type FoundSessionKey,
  type RequestWithHeaders,
  type SessionKeyExtractor,
} from './extraction/session-key-extractor.js';
export type { CoinflowEnv } from './options/base-url.js';
export type {
  CoinflowAuthModuleOptions,
  CoinflowCacheOptions,
  CoinflowHttpOptions,
} from './options/coinflow-auth-options.js';
export type { CoinflowAccess, CoinflowRoute, CoinflowRoutePolicy } from './options/route-metadata.js';
export type {
  CoinflowAuthMetrics,
  CoinflowDecisionMetrics,
  CoinflowMemoryMetrics,
  CoinflowMintingMetrics,
} from './metrics/coinflow-auth-metrics.js';
export type {
  CoinflowDecision,
  CoinflowDecisionListener,
  CoinflowDecisionOutcome,
} from './metrics/coinflow-decision.js';
export type { CoinflowDecisionSource } from './verification/decision-trace.js';
export { CoinflowSession } from './session/coinflow-session.js';
export { COINFLOW_BLOCKCHAINS, type CoinflowBlockchain, type KnownBlockchain } from './options/blockchains.js';
export type { CoinflowSubject, CoinflowUserSubject, CoinflowWalletSubject } from './session/subject.js';
export type {
  PayerToRevoke,
  SessionKeySubject,
  SignedWalletToMint,
  UserToMint,
  WalletToMint,
  WalletToSign,
} from './session/session-key-subject.js';
export type { MessageToSign } from './client/coinflow-client.js';
export { SessionKeyExtractors } from './extraction/session-key-extractors.js';
export type { CsrfOptions } from './extraction/cross-site.js';
