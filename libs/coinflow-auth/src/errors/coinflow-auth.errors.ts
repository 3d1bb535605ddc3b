import type { CoinflowApiErrorReason } from './api-reasons.js';
import { COINFLOW_AUTH_ERRORS, type CoinflowAuthErrorCode } from './error-statuses.js';

/** The same symbol in every copy of the package in a process, so that copies recognise each other's errors. */
const BRAND = Symbol.for('nestjs-coinflow-auth:error');

/**
 * The details of an error of this package.
 *
 * @inline
 */
interface CoinflowAuthErrorDetails {
  /** Why the error occurred, as a stable identifier for logs and metrics: `timeout`, `wrong-merchant`. */
  reason: string;
  /**
   * What the operator should do.
   * @default the general action of the error's code
   */
  action?: string;
  /** A cause without secrets: never an `AxiosError`, which contains the request's headers. */
  cause?: Error;
}

/**
 * The base class of every error of this package. `switch (error.code)` narrows the type. `instanceof` also works across
 * copies of the package, such as an ESM and a CommonJS one.
 *
 * No message and no property contains a secret. You can log all of them.
 */
export abstract class CoinflowAuthError extends Error {
  static readonly code: CoinflowAuthErrorCode;

  /** The name of the class. A minifier does not change it. */
  abstract override readonly name: string;
  /** Identifies the kind of error. It stays the same from version to version. */
  readonly code: CoinflowAuthErrorCode;
  /** Why the error occurred, as a stable identifier for logs and metrics: `timeout`, `wrong-merchant`. */
  readonly reason: string;
  /** What the operator should do. */
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

/** The session key has an invalid format or an unreadable claim, or the request carries two different keys. Coinflow is not called. */
export class CoinflowSessionKeyMalformedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_KEY_MALFORMED';
  declare readonly code: typeof CoinflowSessionKeyMalformedError.code;
  override readonly name: string = 'CoinflowSessionKeyMalformedError';
}

/** The session key's own `exp` has passed. Coinflow is not called. */
export class CoinflowSessionKeyExpiredError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_KEY_EXPIRED';
  declare readonly code: typeof CoinflowSessionKeyExpiredError.code;
  override readonly name: string = 'CoinflowSessionKeyExpiredError';

  constructor() {
    super('The session key has expired', { reason: 'expired' });
  }
}

/** The session key belongs to another merchant. Coinflow would accept it; your application must not. */
export class CoinflowSessionWrongMerchantError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_WRONG_MERCHANT';
  declare readonly code: typeof CoinflowSessionWrongMerchantError.code;
  override readonly name: string = 'CoinflowSessionWrongMerchantError';
}

/** Coinflow rejected the session key, its tag is invalid, or it does not name its merchant, its user and its expiry. */
export class CoinflowSessionRejectedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_REJECTED';
  declare readonly code: typeof CoinflowSessionRejectedError.code;
  override readonly name: string = 'CoinflowSessionRejectedError';
}

/** This application has revoked the session key, or all session keys of this user. */
export class CoinflowSessionRevokedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SESSION_REVOKED';
  declare readonly code: typeof CoinflowSessionRevokedError.code;
  override readonly name: string = 'CoinflowSessionRevokedError';

  constructor() {
    super('The session has been revoked', { reason: 'revoked' });
  }
}

/** The session is valid, but the route requires another kind of subject. */
export class CoinflowSubjectNotAllowedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SUBJECT_NOT_ALLOWED';
  declare readonly code: typeof CoinflowSubjectNotAllowedError.code;
  override readonly name: string = 'CoinflowSubjectNotAllowedError';
}

/** The session is valid, but the option `loadUser` returns no user for it. A 401 would make clients renew the session in a loop. */
export class CoinflowUserNotFoundError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_USER_NOT_FOUND';
  declare readonly code: typeof CoinflowUserNotFoundError.code;
  override readonly name: string = 'CoinflowUserNotFoundError';

  constructor() {
    super('The option loadUser returns no user for this session', { reason: 'user-not-found' });
  }
}

/** The session key came in a cookie, with a request that a page of another site made the browser send. */
export class CoinflowCrossSiteError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_CROSS_SITE';
  declare readonly code: typeof CoinflowCrossSiteError.code;
  override readonly name: string = 'CoinflowCrossSiteError';
}

/** Coinflow rejected the wallet's signature. */
export class CoinflowSignatureRejectedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_SIGNATURE_REJECTED';
  declare readonly code: typeof CoinflowSignatureRejectedError.code;
  override readonly name: string = 'CoinflowSignatureRejectedError';
}

/** An argument is invalid, or Coinflow does not accept it. The message is safe to show to a client. */
export class CoinflowInvalidArgumentError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_INVALID_ARGUMENT';
  declare readonly code: typeof CoinflowInvalidArgumentError.code;
  override readonly name: string = 'CoinflowInvalidArgumentError';

  /** The name of the argument. */
  readonly argument: string;

  /** @param cause for the log only */
  constructor(argument: string, rule: string, cause?: Error) {
    const action = `Correct ${argument}: it ${rule}.`;
    super(`${argument} ${rule}`, { reason: 'invalid-argument', action, ...(cause && { cause }) });
    this.argument = argument;
  }
}

/** Coinflow refuses to create a session key for this user. */
export class CoinflowIssuanceDeniedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_ISSUANCE_DENIED';
  declare readonly code: typeof CoinflowIssuanceDeniedError.code;
  override readonly name: string = 'CoinflowIssuanceDeniedError';
}

/**
 * The details of a temporary error.
 *
 * @inline
 */
interface CoinflowRetryDetails extends CoinflowAuthErrorDetails {
  /** After how many milliseconds to try again. */
  retryAfterMs: number;
}

/** A temporary error. */
abstract class CoinflowRetryLaterError extends CoinflowAuthError {
  /** After how many milliseconds to try again. */
  readonly retryAfterMs: number;

  constructor(message: string, details: CoinflowRetryDetails) {
    super(message, details);
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** Coinflow cannot be reached or gives no valid response, so the session key can be neither accepted nor rejected now. */
export class CoinflowUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_UNAVAILABLE';
  declare readonly code: typeof CoinflowUnavailableError.code;
  override readonly name: string = 'CoinflowUnavailableError';
}

/** No call to Coinflow is left: Coinflow responded 429, or this application's budget is exhausted. The session key is not rejected. */
export class CoinflowBudgetExhaustedError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_BUDGET_EXHAUSTED';
  declare readonly code: typeof CoinflowBudgetExhaustedError.code;
  override readonly name: string = 'CoinflowBudgetExhaustedError';
}

/** A client or a user exceeds its limit of calls to Coinflow, for session keys or for wallet logins. */
export class CoinflowTooManyRequestsError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_TOO_MANY_REQUESTS';
  declare readonly code: typeof CoinflowTooManyRequestsError.code;
  override readonly name: string = 'CoinflowTooManyRequestsError';
}

/** A webhook has no valid signature. Its body is not parsed. */
export class CoinflowWebhookSignatureInvalidError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_SIGNATURE_INVALID';
  declare readonly code: typeof CoinflowWebhookSignatureInvalidError.code;
  override readonly name: string = 'CoinflowWebhookSignatureInvalidError';
}

/** A webhook has a valid signature that is too old. Either it is a replay, or an event was rejected that should have run. */
export class CoinflowWebhookSignatureTooOldError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD';
  declare readonly code: typeof CoinflowWebhookSignatureTooOldError.code;
  override readonly name: string = 'CoinflowWebhookSignatureTooOldError';
}

/** A webhook has a valid signature, but its payload is not an event. */
export class CoinflowWebhookMalformedError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_MALFORMED';
  declare readonly code: typeof CoinflowWebhookMalformedError.code;
  override readonly name: string = 'CoinflowWebhookMalformedError';
}

/** The content type of a webhook is not JSON. */
export class CoinflowWebhookUnsupportedTypeError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_WEBHOOK_UNSUPPORTED_TYPE';
  declare readonly code: typeof CoinflowWebhookUnsupportedTypeError.code;
  override readonly name: string = 'CoinflowWebhookUnsupportedTypeError';
}

/** The same delivery of a webhook is running, and has not ended in time. */
export class CoinflowWebhookBusyError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_BUSY';
  declare readonly code: typeof CoinflowWebhookBusyError.code;
  override readonly name: string = 'CoinflowWebhookBusyError';
}

/** The delivery store is unavailable. */
export class CoinflowWebhookStoreUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_STORE_UNAVAILABLE';
  declare readonly code: typeof CoinflowWebhookStoreUnavailableError.code;
  override readonly name: string = 'CoinflowWebhookStoreUnavailableError';
}

/** A webhook cannot be accepted now: no key, no decision about another merchant's event, or the application is shutting down. */
export class CoinflowWebhookUnavailableError extends CoinflowRetryLaterError {
  static override readonly code = 'COINFLOW_WEBHOOK_UNAVAILABLE';
  declare readonly code: typeof CoinflowWebhookUnavailableError.code;
  override readonly name: string = 'CoinflowWebhookUnavailableError';
}

type Inspect = (value: unknown, options: object) => string;

/**
 * The response of Coinflow that a {@link CoinflowApiError} is about.
 *
 * @inline
 */
interface CoinflowApiErrorDetails extends CoinflowAuthErrorDetails {
  reason: CoinflowApiErrorReason;
  operation: string;
  status: number;
  debugId: string | undefined;
  data: unknown;
}

/**
 * Coinflow refused the operation that `CoinflowApi` called: nothing was charged, paid out or changed. `reason` says why.
 *
 * If nothing catches it, a payment status (402, 412, 423, 451 ...) becomes the status of the answer, with `reason` and without
 * anything that Coinflow sent.
 */
export class CoinflowApiError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_API_ERROR';
  declare readonly code: typeof CoinflowApiError.code;
  override readonly name: string = 'CoinflowApiError';
  declare readonly reason: CoinflowApiErrorReason;

  /** The method and the path template: `POST /checkout/card/{merchantId}`. */
  readonly operation: string;
  /** Coinflow's status. */
  readonly status: number;
  /** Coinflow's id of the response, for its support. */
  readonly debugId: string | undefined;
  readonly #data: unknown;

  constructor(message: string, details: CoinflowApiErrorDetails) {
    super(message, details);
    this.operation = details.operation;
    this.status = details.status;
    this.debugId = details.debugId;
    this.#data = details.data;
  }

  /**
   * The body of Coinflow's response; `undefined` if it was empty. It can name the user or contain a secret, so logs and JSON do not
   * show it. Pass on only the fields that the client needs.
   */
  get data(): unknown {
    return this.#data;
  }

  /** Node can be told to call getters when it inspects an object. It must not call this one. */
  [Symbol.for('nodejs.util.inspect.custom')](_depth: number, options: object, inspect: Inspect): string {
    return inspect(this, { ...options, customInspect: false, getters: false });
  }
}

/**
 * Whether Coinflow did what `CoinflowApi` asked for is unknown: the request was sent, but no clear response arrived. Money may have
 * moved. Do not send it again. Look the payment up in the Coinflow dashboard or with a `GET` operation, or wait for its webhook.
 */
export class CoinflowOutcomeUnknownError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_OUTCOME_UNKNOWN';
  declare readonly code: typeof CoinflowOutcomeUnknownError.code;
  override readonly name: string = 'CoinflowOutcomeUnknownError';

  /** The method and the path template: `POST /checkout/card/{merchantId}`. */
  readonly operation: string;

  constructor(message: string, details: CoinflowAuthErrorDetails & { operation: string }) {
    super(message, details);
    this.operation = details.operation;
  }
}

/** The configuration or the code of the application is wrong. Thrown at startup where possible; otherwise logged once per reason. */
export class CoinflowMisconfiguredError extends CoinflowAuthError {
  static override readonly code = 'COINFLOW_MISCONFIGURED';
  declare readonly code: typeof CoinflowMisconfiguredError.code;
  override readonly name: string = 'CoinflowMisconfiguredError';
}

/** The union of all errors of this package, for `switch (error.code)`. */
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
  | CoinflowApiError
  | CoinflowOutcomeUnknownError
  | CoinflowMisconfiguredError;

/** Whether a value is an error of this package, also of another copy of it. */
export function isCoinflowAuthError(error: unknown): error is AnyCoinflowAuthError {
  return isBranded(error);
}

/**
 * Whether a value is a temporary error of this package, also of another copy of it: one whose status is 429 or 503. Trying again
 * after `error.retryAfterMs` milliseconds can succeed.
 * @example
 * if (isTemporary(error)) response.header('Retry-After', String(Math.ceil(error.retryAfterMs / 1_000)));
 */
export function isTemporary(error: unknown): error is Extract<AnyCoinflowAuthError, CoinflowRetryLaterError> {
  return isCoinflowAuthError(error) && 'retryAfterMs' in error;
}
