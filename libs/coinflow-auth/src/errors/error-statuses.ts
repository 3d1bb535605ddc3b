interface CatalogueEntry {
  /** The HTTP status of the answer. */
  status: number;
  /** The message that the client receives. Details are only in the error and the log. */
  message: string;
  /** When the error occurs. */
  when: string;
  /** What the operator should do. */
  action: string;
  /** Whether every guarded route can answer with it. */
  guard: boolean;
  /** Whether webhook routes answer with it. */
  webhook?: boolean;
}

/**
 * Every code that this package answers with, by HTTP status: the section of a status has all situations that lead to it. No other
 * file decides the status of an error. `docs/reference/errors.md` is generated from it.
 */
export const COINFLOW_AUTH_ERRORS = {
  // 401: The request is not authenticated: its session key, or the signature of a webhook, is missing or invalid.
  COINFLOW_SESSION_KEY_MISSING: {
    status: 401,
    when: 'The request carries no session key.',
    message: 'A session key is required.',
    action: 'Send the session key in the header x-coinflow-auth-session-key.',
    guard: true,
  },
  COINFLOW_SESSION_KEY_MALFORMED: {
    status: 401,
    when: 'The session key has invalid characters, an invalid payload or an invalid claim; or the request carries two different keys. Coinflow is not called.',
    message: 'Malformed session key.',
    action: 'Send exactly one session key, unchanged, as createSessionKey() returned it.',
    guard: true,
  },
  COINFLOW_SESSION_KEY_EXPIRED: {
    status: 401,
    when: "The session key's own `exp` has passed. Coinflow is not called.",
    message: 'The session key has expired.',
    action: 'Create a new session key for this user and send the request again.',
    guard: true,
  },
  COINFLOW_SESSION_WRONG_MERCHANT: {
    status: 401,
    when: 'The session key belongs to another merchant. Coinflow is not called.',
    message: 'The session key belongs to another merchant.',
    action:
      "Create the session key with this merchant's API key. If it was created with it, check the option merchantId.",
    guard: true,
  },
  COINFLOW_SESSION_REJECTED: {
    status: 401,
    when: 'Coinflow rejected the session key, now or within the last 30 seconds: 400, 401, 403 or 422 with JSON or an empty body. Or the key has a tag that this application did not create. Or it does not name its merchant, its user and its expiry.',
    message: 'Invalid session key.',
    action: 'Create a new session key for this user. Many of these errors from one address are an attack.',
    guard: true,
  },
  COINFLOW_SESSION_REVOKED: {
    status: 401,
    when: 'The application revoked this session key, or all session keys of this user, for example at logout.',
    message: 'The session has been revoked.',
    action: 'Do nothing: the user logs in again and gets a new session key.',
    guard: true,
  },
  COINFLOW_SIGNATURE_REJECTED: {
    status: 401,
    when: "Coinflow rejected the wallet's signature: 400, 401 or 422 from Get Session Key.",
    message: 'Invalid wallet signature.',
    action: 'Request a new message and have the same wallet sign it. A message is valid once, and for a short time.',
    guard: false,
  },
  COINFLOW_WEBHOOK_SIGNATURE_INVALID: {
    status: 401,
    when: 'The `Coinflow-Signature` of a webhook is missing, malformed, made with another key, made for another body, or dated in the future.',
    message: 'Invalid webhook signature.',
    action:
      'If Coinflow sent it, compare webhook.keys (COINFLOW_WEBHOOK_VALIDATION_KEY) with the dashboard, and check that no proxy changes the body. Otherwise the event is forged.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD: {
    status: 401,
    when: 'The signature of a webhook is valid, but older than `webhook.toleranceMs` allows.',
    message: 'The webhook signature is too old.',
    action:
      "Look the event up in the Coinflow dashboard, because it was rejected. Check this machine's clock. If Coinflow retries with the old signature, raise webhook.toleranceMs.",
    guard: false,
    webhook: true,
  },

  // 403: The session or the wallet is valid, but not allowed here.
  COINFLOW_SUBJECT_NOT_ALLOWED: {
    status: 403,
    when: 'The session is valid, but the route requires another kind of subject: a user, a wallet, or a wallet on certain blockchains.',
    message: 'This route requires another kind of session.',
    action: 'Send the user to the login that this route requires. See `subject` and `blockchains` of @CoinflowAuth().',
    guard: true,
  },
  COINFLOW_USER_NOT_FOUND: {
    status: 403,
    when: 'A handler asks for the user with @SessionUser(), and the option `loadUser` returns nothing for this valid session.',
    message: 'There is no user for this session.',
    action:
      'Create the user when they log in, before you create their session key. If users are deleted, revoke their sessions with revokeSubject().',
    guard: false,
  },
  COINFLOW_CROSS_SITE: {
    status: 403,
    when: 'A page of another site made the browser send a request that changes something, with the session key in a cookie.',
    message: 'Cross-site requests are not allowed.',
    action:
      'If the other site is yours, see the option `csrf` of SessionKeyExtractors.fromCookie(). Otherwise do nothing.',
    guard: true,
  },
  COINFLOW_ISSUANCE_DENIED: {
    status: 403,
    when: 'Coinflow refuses to create a session key for this user or wallet: 400, 403, 422, 423 or 451 from Get Session Key; 403, 423 or 451 from Get Message or for a signed message.',
    message: 'A session key cannot be created for this user.',
    action: 'Look the user up in the Coinflow dashboard: they may be blocked.',
    guard: false,
  },

  // 400: The request is invalid.
  COINFLOW_INVALID_ARGUMENT: {
    status: 400,
    when: 'The application called the service with an invalid argument, or Coinflow rejected the argument. The client receives the message of the error.',
    message: 'Invalid argument.',
    action: 'Correct the argument that the message names.',
    guard: false,
  },
  COINFLOW_WEBHOOK_MALFORMED: {
    status: 400,
    when: 'The signature of a webhook is valid, but its body is not an event: not UTF-8, not JSON, or without `eventType` or `data`.',
    message: 'Malformed webhook payload.',
    action:
      'Look at the delivery in the Coinflow dashboard. The webhook may have a version before 2, which this package does not support.',
    guard: false,
    webhook: true,
  },

  // 415: The request has the wrong content type.
  COINFLOW_WEBHOOK_UNSUPPORTED_TYPE: {
    status: 415,
    when: 'The content type of a webhook is not `application/json`. The rest of the request is not read.',
    message: 'The content type of a webhook must be application/json.',
    action: 'If Coinflow sent it, check which proxy changes the content type. Otherwise do nothing.',
    guard: false,
    webhook: true,
  },

  // 429: A client or a user sends too much. The answer has a `Retry-After`.
  COINFLOW_TOO_MANY_REQUESTS: {
    status: 429,
    when: "A client or a user exceeds a limit of the option `budget`: too many new or rejected session keys of one client, too many verifications of one user's keys, too many wallet logins, or too many calls of `CoinflowApi` for one user. Coinflow is not called.",
    message: 'Too many requests. Try again later.',
    action:
      'If many users share one address, see budget.getClient and the limits per client of the option budget. Otherwise do nothing: it is an attack, or a client that sends requests in a loop.',
    guard: true,
  },

  // 503: Whether to accept cannot be decided now: Coinflow, the budget, or something that webhooks need is unavailable. The answer
  // has a `Retry-After`.
  COINFLOW_UNAVAILABLE: {
    status: 503,
    when: 'Coinflow cannot be reached or gives no valid response: timeout, connection reset, 5xx, a response that is not from Coinflow, an open circuit breaker, or an invalid new session key.',
    message: 'The service is temporarily unavailable. Try again later.',
    action: 'If it continues, see the reason in the log: Coinflow or the connection to it has an outage.',
    guard: true,
  },
  COINFLOW_BUDGET_EXHAUSTED: {
    status: 503,
    when: 'Coinflow responded 429, now or a moment ago. Or the options `budget` and `api` allow no more calls in this minute, for session keys, for wallet logins, or of `CoinflowApi` without the API key.',
    message: 'The service is temporarily unavailable. Try again later.',
    action:
      'Use attested keys, which need no call, or raise cache.ttlMs. If Coinflow grants you more calls, raise budget.verificationsPerMinute (COINFLOW_VERIFICATIONS_PER_MINUTE).',
    guard: true,
  },
  COINFLOW_WEBHOOK_BUSY: {
    status: 503,
    when: 'The same delivery is running, in this replica or another one, and has not ended within four seconds. Or another replica took over its lease.',
    message: 'This event is being processed. Send it again later.',
    action:
      'Do nothing: Coinflow sends the event again. If it happens often, the handlers are slow: move the work to a queue.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_STORE_UNAVAILABLE: {
    status: 503,
    when: 'The store of `webhook.deliveries` is unavailable, so a duplicate cannot be detected.',
    message: 'The event cannot be processed right now. Send it again later.',
    action:
      'Check that the store of webhook.deliveries (Redis) is up. No event is lost: Coinflow sends the event again.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_UNAVAILABLE: {
    status: 503,
    when: 'The event is about another merchant, and `webhook.acceptMerchant` is not set, failed or timed out. Or the function of `webhook.keys` returned no key. Or the application is shutting down.',
    message: 'The event cannot be accepted right now. Send it again later.',
    action:
      'If the event is about another merchant, set webhook.acceptMerchant: true runs its events, false acknowledges them without running. Otherwise see the reason in the log. No event is lost: Coinflow sends the event again for 36 hours.',
    guard: false,
    webhook: true,
  },

  // 502: The application called another operation of Coinflow, with `CoinflowApi`, and cannot know its outcome.
  COINFLOW_OUTCOME_UNKNOWN: {
    status: 502,
    when: 'A call that may move money was sent with `CoinflowApi`, and no clear response arrived: a reset, a timeout, a 5xx, or a 2xx that is not JSON. It is not retried, and the answer has no `Retry-After`.',
    message: 'The outcome is unknown. Do not repeat it: it may have succeeded.',
    action:
      'Look the payment up in the Coinflow dashboard, or wait for its webhook. Send it again only when you know that it did not succeed.',
    guard: false,
  },

  // 500: The application is misconfigured, or it called Coinflow in a wrong way.
  COINFLOW_API_ERROR: {
    status: 500,
    when: 'Coinflow refused the operation that `CoinflowApi` called. The `reason` of the error decides the status: see the table of reasons.',
    message: 'Internal server error',
    action: 'See the reason of the error, and the message in the log.',
    guard: false,
  },
  COINFLOW_MISCONFIGURED: {
    status: 500,
    when: 'The configuration or the code of the application is wrong. The error names what: options at startup, the API key, the base URL (a 404, a redirect, or an endpoint that accepts a random key), a route or its policy, a missing guard, a webhook route without a key or the raw body, or the Redis client.',
    message: 'Internal server error',
    action: 'Correct the configuration that the message names.',
    guard: true,
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The literal `code` of an error of this package. It stays the same from version to version. */
export type CoinflowAuthErrorCode = keyof typeof COINFLOW_AUTH_ERRORS;
