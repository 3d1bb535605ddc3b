import { COINFLOW_AUTH_ERRORS, type CoinflowAuthErrorCode } from './error-catalogue.js';

/** Shared by every copy of the package in a process, so that copies recognise each other's errors. */
const BRAND = Symbol.for('nestjs-coinflow-auth:error');

/** What an error of this package can be given beside its message. */
export interface CoinflowAuthErrorDetails {
  /** Why, in one stable word for logs and metrics: `timeout`, `foreign-merchant`. */
  reason: string;
  /** What the operator should do, where it differs from what the code says in general. */
  action?: string;
  /** A safe cause: never an `AxiosError`, which carries the request's secrets. */
  cause?: Error;
}

/**
 * What every error of this package is. `switch (error.code)` tells them apart, and `instanceof` works across copies of
 * the package (an ESM and a CommonJS one, say), since it looks for a brand.
 *
 * Neither the message nor any property holds a secret: all of it may be logged.
 */
export abstract class CoinflowAuthError extends Error {
  static readonly code: CoinflowAuthErrorCode;

  /** The name of the class, which a minifier does not change. */
  abstract override readonly name: string;
  /** Tells the errors apart; stable from version to version. */
  readonly code: CoinflowAuthErrorCode;
  /** Why, in one stable word for logs and metrics: `timeout`, `foreign-merchant`. */
  readonly reason: string;
  /** What the operator should do about it. */
  readonly action: string;

  constructor(message: string, { reason, action, cause }: CoinflowAuthErrorDetails) {
    super(message, cause && { cause });
    this.code = new.target.code;
    this.reason = reason;
    this.action = action ?? COINFLOW_AUTH_ERRORS[this.code].action;
  }

  get [BRAND](): true {
    return true;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!isBranded(value)) return false;
    if (this === CoinflowAuthError) return true;
    return Object.hasOwn(this, 'code')
      ? value.code === this.code
      : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

function isBranded(value: unknown): value is CoinflowAuthError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** The request carried no session key. */
export class CoinflowSessionKeyMissingError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_KEY_MISSING';
  declare readonly code: typeof CoinflowSessionKeyMissingError.code;
  override readonly name: string = 'CoinflowSessionKeyMissingError';

  constructor() {
    super('The request carries no session key', { reason: 'missing' });
  }
}

/** What the request carried cannot be a session key, or it carried two different ones. Coinflow was not asked. */
export class CoinflowSessionKeyMalformedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_KEY_MALFORMED';
  declare readonly code: typeof CoinflowSessionKeyMalformedError.code;
  override readonly name: string = 'CoinflowSessionKeyMalformedError';
}

/** The session key's own `exp` has passed. Coinflow was not asked. */
export class CoinflowSessionKeyExpiredError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_KEY_EXPIRED';
  declare readonly code: typeof CoinflowSessionKeyExpiredError.code;
  override readonly name: string = 'CoinflowSessionKeyExpiredError';

  constructor() {
    super('The session key has expired', { reason: 'expired' });
  }
}

/** The session key is another merchant's, or nobody's in particular: Coinflow would call it valid, this merchant must not. */
export class CoinflowSessionWrongMerchantError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_WRONG_MERCHANT';
  declare readonly code: typeof CoinflowSessionWrongMerchantError.code;
  override readonly name: string = 'CoinflowSessionWrongMerchantError';
}

/** Coinflow says that the session key is not valid, or it carries a tag that this application did not make. */
export class CoinflowSessionRejectedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_REJECTED';
  declare readonly code: typeof CoinflowSessionRejectedError.code;
  override readonly name: string = 'CoinflowSessionRejectedError';
}

/** This application has revoked the session key, or all keys of this payer. */
export class CoinflowSessionRevokedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_REVOKED';
  declare readonly code: typeof CoinflowSessionRevokedError.code;
  override readonly name: string = 'CoinflowSessionRevokedError';

  constructor() {
    super('The session key is revoked', { reason: 'revoked' });
  }
}

/** The session is proven, but the route wants another kind of payer. */
export class CoinflowSubjectNotAllowedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SUBJECT_NOT_ALLOWED';
  declare readonly code: typeof CoinflowSubjectNotAllowedError.code;
  override readonly name: string = 'CoinflowSubjectNotAllowedError';
}

/** The session key came in a cookie with a request of another site, which the payer may not have meant. */
export class CoinflowCrossSiteError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_CROSS_SITE';
  declare readonly code: typeof CoinflowCrossSiteError.code;
  override readonly name: string = 'CoinflowCrossSiteError';
}

/** Coinflow does not accept the wallet's signature. */
export class CoinflowSignatureRejectedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SIGNATURE_REJECTED';
  declare readonly code: typeof CoinflowSignatureRejectedError.code;
  override readonly name: string = 'CoinflowSignatureRejectedError';
}

/** An argument that cannot be sent to Coinflow, or that Coinflow does not accept. The message may be shown to a client. */
export class CoinflowInvalidArgumentError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_INVALID_ARGUMENT';
  declare readonly code: typeof CoinflowInvalidArgumentError.code;
  override readonly name: string = 'CoinflowInvalidArgumentError';

  /** The argument's name. */
  readonly argument: string;

  /** @param cause what is for the log only */
  constructor(argument: string, rule: string, cause?: Error) {
    const action = `Correct ${argument}: it ${rule}.`;
    super(`${argument} ${rule}`, { reason: 'invalid-argument', action, ...(cause && { cause }) });
    this.argument = argument;
  }
}

/** Coinflow does not give this user a session key. */
export class CoinflowIssuanceDeniedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_ISSUANCE_DENIED';
  declare readonly code: typeof CoinflowIssuanceDeniedError.code;
  override readonly name: string = 'CoinflowIssuanceDeniedError';
}

/** What an error that passes by itself has besides. */
export interface CoinflowRetryDetails extends CoinflowAuthErrorDetails {
  /** After how many milliseconds it is worth trying again. */
  retryAfterMs: number;
}

/** Nobody can tell now; it is worth asking again later. */
abstract class CoinflowRetryLaterError extends CoinflowAuthError {
  /** After how many milliseconds it is worth trying again. */
  readonly retryAfterMs: number;

  constructor(message: string, details: CoinflowRetryDetails) {
    super(message, details);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Nobody can tell now whether the session key is valid: Coinflow, or the way to it, is disturbed. Never a refusal. */
export class CoinflowUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_UNAVAILABLE';
  declare readonly code: typeof CoinflowUnavailableError.code;
  override readonly name: string = 'CoinflowUnavailableError';
}

/** Coinflow's rate limit is reached, or this application's own budget of calls is spent. Never a refusal of the session key. */
export class CoinflowBudgetExhaustedError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_BUDGET_EXHAUSTED';
  declare readonly code: typeof CoinflowBudgetExhaustedError.code;
  override readonly name: string = 'CoinflowBudgetExhaustedError';
}

/** A client or a user has had its part of the calls to Coinflow, for session keys or for wallet logins. */
export class CoinflowTooManyRequestsError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_TOO_MANY_REQUESTS';
  declare readonly code: typeof CoinflowTooManyRequestsError.code;
  override readonly name: string = 'CoinflowTooManyRequestsError';
}

/** A webhook without a proof that it is Coinflow's, or with a wrong one. Nothing of its body was looked at. */
export class CoinflowWebhookSignatureInvalidError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_SIGNATURE_INVALID';
  declare readonly code: typeof CoinflowWebhookSignatureInvalidError.code;
  override readonly name: string = 'CoinflowWebhookSignatureInvalidError';
}

/** A webhook that Coinflow signed, longer ago than is allowed. If it is not a replay, an event was refused. */
export class CoinflowWebhookSignatureTooOldError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD';
  declare readonly code: typeof CoinflowWebhookSignatureTooOldError.code;
  override readonly name: string = 'CoinflowWebhookSignatureTooOldError';
}

/** A webhook that is proven, and no event. */
export class CoinflowWebhookMalformedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_MALFORMED';
  declare readonly code: typeof CoinflowWebhookMalformedError.code;
  override readonly name: string = 'CoinflowWebhookMalformedError';
}

/** A webhook that does not say that it is JSON. */
export class CoinflowWebhookUnsupportedTypeError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE';
  declare readonly code: typeof CoinflowWebhookUnsupportedTypeError.code;
  override readonly name: string = 'CoinflowWebhookUnsupportedTypeError';
}

/** The same delivery of a webhook runs already, and it is not known yet how that ends. */
export class CoinflowWebhookBusyError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_BUSY';
  declare readonly code: typeof CoinflowWebhookBusyError.code;
  override readonly name: string = 'CoinflowWebhookBusyError';
}

/** The store that remembers deliveries of webhooks is away. */
export class CoinflowWebhookStoreUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE';
  declare readonly code: typeof CoinflowWebhookStoreUnavailableError.code;
  override readonly name: string = 'CoinflowWebhookStoreUnavailableError';
}

/** Whether to accept a webhook is not known now: whose event it is, with which key to verify it, or the application is shutting down. */
export class CoinflowWebhookUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_UNAVAILABLE';
  declare readonly code: typeof CoinflowWebhookUnavailableError.code;
  override readonly name: string = 'CoinflowWebhookUnavailableError';
}

/** The merchant's own configuration or code is wrong; thrown at boot where that shows it, and logged once where only a call does. */
export class CoinflowMisconfiguredError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_MISCONFIGURED';
  declare readonly code: typeof CoinflowMisconfiguredError.code;
  override readonly name: string = 'CoinflowMisconfiguredError';
}

/** All errors of this package, as a union that `switch (error.code)` narrows. */
export type AnyCoinflowAuthError =
  | CoinflowSessionKeyMissingError
  | CoinflowSessionKeyMalformedError
  | CoinflowSessionKeyExpiredError
  | CoinflowSessionWrongMerchantError
  | CoinflowSessionRejectedError
  | CoinflowSessionRevokedError
  | CoinflowSubjectNotAllowedError
  | CoinflowCrossSiteError
  | CoinflowSignatureRejectedError
  | CoinflowInvalidArgumentError
  | CoinflowIssuanceDeniedError
  | CoinflowUnavailableError
  | CoinflowBudgetExhaustedError
  | CoinflowTooManyRequestsError
  | CoinflowWebhookSignatureInvalidError
  | CoinflowWebhookSignatureTooOldError
  | CoinflowWebhookMalformedError
  | CoinflowWebhookUnsupportedTypeError
  | CoinflowWebhookBusyError
  | CoinflowWebhookStoreUnavailableError
  | CoinflowWebhookUnavailableError
  | CoinflowMisconfiguredError;

/** Whether something thrown is an error of this package, of whichever copy of it. */
export function isCoinflowAuthError(error: unknown): error is AnyCoinflowAuthError {
  return isBranded(error);
}
