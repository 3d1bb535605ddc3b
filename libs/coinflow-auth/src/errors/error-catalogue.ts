interface CatalogueEntry {
  /** The HTTP status that it becomes. */
  status: number;
  /** What the client is told, and no more: the reason in detail is for the log. */
  message: string;
  /** What happened. */
  when: string;
  /** What the operator should do. */
  action: string;
  /** Whether the guard answers with it, so that every guarded route can. */
  guard: boolean;
  /** Whether it is a webhook route that answers with it. */
  webhook?: boolean;
}

/** Every code that this package answers with. `docs/errors.md` is made from it. */
export const COINFLOW_AUTH_ERRORS = {
  COINFLOW_SESSION_KEY_MISSING: {
    status: 401,
    when: 'The request carries no session key.',
    message: 'This needs a session key.',
    action: 'Send the session key in the header x-coinflow-auth-session-key.',
    guard: true,
  },
  COINFLOW_SESSION_KEY_MALFORMED: {
    status: 401,
    when: 'The request carries what cannot be a session key (wrong characters, a payload or a claim that cannot be read), or two different ones. Coinflow was not asked.',
    message: 'That is not a session key.',
    action: 'Send exactly one session key, unchanged, as createSessionKey() returned it.',
    guard: true,
  },
  COINFLOW_SESSION_KEY_EXPIRED: {
    status: 401,
    when: 'The session key’s own `exp` has passed. Coinflow was not asked.',
    message: 'The session key has expired.',
    action: 'Obtain a new session key for this user and try again.',
    guard: true,
  },
  COINFLOW_SESSION_WRONG_MERCHANT: {
    status: 401,
    when: 'The session key belongs to another merchant. Coinflow was not asked.',
    message: 'The session key was not made for this merchant.',
    action: 'Obtain the session key with this merchant’s API key; if it is yours, check the option merchantId.',
    guard: true,
  },
  COINFLOW_SESSION_REJECTED: {
    status: 401,
    when: 'Coinflow said no: 400, 401, 403 or 422 in its own voice (JSON or an empty body), now or within the last 30 seconds; or the key carries a tag that this application did not make, or does not name its merchant, its user and its expiry.',
    message: 'The session key is not valid.',
    action: 'Obtain a new session key for this user; many of these from one address are an attack.',
    guard: true,
  },
  COINFLOW_SESSION_REVOKED: {
    status: 401,
    when: 'The application revoked this session key, or all of this payer’s: a logout.',
    message: 'The session has ended.',
    action: 'Nothing: the payer logs in again, and gets a new session key.',
    guard: true,
  },
  COINFLOW_SUBJECT_NOT_ALLOWED: {
    status: 403,
    when: 'The session is good, but the route wants another kind of payer: a user, a wallet, or a wallet of certain chains.',
    message: 'This needs a session of another kind.',
    action: 'Send the payer to the login that this route asks for; see `subject` and `blockchains` of @CoinflowAuth().',
    guard: true,
  },
  COINFLOW_CROSS_SITE: {
    status: 403,
    when: 'The session key came in a cookie, with a request that changes something and that another site made the browser send.',
    message: 'This request comes from another site.',
    action:
      'Nothing, if it is an attack. If the site is yours, see the option `csrf` of SessionKeyExtractors.fromCookie().',
    guard: true,
  },
  COINFLOW_SIGNATURE_REJECTED: {
    status: 401,
    when: 'Get Session Key was refused for a signed message: 400, 401 or 422.',
    message: 'The signature is not accepted.',
    action: 'Ask for a new message, and have this very wallet sign it: a message is good once, and not for long.',
    guard: false,
  },
  COINFLOW_INVALID_ARGUMENT: {
    status: 400,
    when: 'The application called the service with an argument that cannot be sent. Nothing was sent.',
    message: 'An argument cannot be used.',
    action: 'Correct the argument that the message names.',
    guard: false,
  },
  COINFLOW_ISSUANCE_DENIED: {
    status: 403,
    when: 'Coinflow refused this user or wallet: 400, 403, 422, 423 or 451 on Get Session Key; 403, 423 or 451 on Get Message and with a signed message.',
    message: 'Coinflow does not open a session for this user.',
    action: 'Look the user up in the Coinflow dashboard: they may be blocked.',
    guard: false,
  },
  COINFLOW_UNAVAILABLE: {
    status: 503,
    when: 'Nobody can tell now: time out, reset, 5xx, an answer that is not Coinflow’s, an endpoint that is left alone since it failed again and again, or a new session key that is not what was asked for.',
    message: 'The session cannot be checked right now. Try again shortly.',
    action: 'Nothing, if it passes: Coinflow or the way to it is disturbed. Otherwise see the reason in the log.',
    guard: true,
  },
  COINFLOW_BUDGET_EXHAUSTED: {
    status: 503,
    when: 'Coinflow answered 429, now or a moment ago; or the calls that the option `budget` allows in this minute are spent, for session keys or for wallet logins.',
    message: 'The session cannot be checked right now. Try again shortly.',
    action:
      'Use attested keys, which need no call, or let sessions be remembered longer. If Coinflow grants you more calls, raise budget.verificationsPerMinute (COINFLOW_VERIFICATIONS_PER_MINUTE).',
    guard: true,
  },
  COINFLOW_TOO_MANY_REQUESTS: {
    status: 429,
    when: 'A client or a user has had its part of the calls to Coinflow: too many new or rejected session keys of one client, too many verifications of one user’s keys, or too many wallet logins. Coinflow was not asked.',
    message: 'There were too many requests. Try again later.',
    action:
      'Nothing, if it is an attack or a client that loops. If many users share the address, see budget.getClient and the limits per client of the option budget.',
    guard: true,
  },
  COINFLOW_WEBHOOK_SIGNATURE_INVALID: {
    status: 401,
    when: 'A webhook carries no proof that it is Coinflow’s, or a wrong one: no or a malformed `Coinflow-Signature`, one under another key or over another body, or a time in the future.',
    message: 'This webhook is not proven to be Coinflow’s.',
    action:
      'If it was Coinflow: compare webhook.keys (COINFLOW_WEBHOOK_VALIDATION_KEY) with the dashboard, and see that nothing before the application changes the body. Otherwise somebody tried to forge an event.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_SIGNATURE_TOO_OLD: {
    status: 401,
    when: 'A webhook’s signature is right, but older than `webhook.toleranceMs` allows.',
    message: 'This webhook was signed too long ago.',
    action:
      'An event of Coinflow’s was refused: look it up in the dashboard. Check this machine’s clock; if Coinflow retries with the old signature, raise webhook.toleranceMs.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_MALFORMED: {
    status: 400,
    when: 'A webhook is proven, but its body is no event: not UTF-8, not JSON, or without `eventType` or `data`.',
    message: 'This is no event.',
    action:
      'Look at the delivery in the Coinflow dashboard: the webhook may be one of a version before 2, which this package does not read.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_UNSUPPORTED_TYPE: {
    status: 415,
    when: 'The content type of a webhook is not `application/json`. Nothing else was looked at.',
    message: 'A webhook must be application/json.',
    action: 'Nothing, if it was not Coinflow. Otherwise see what before the application changes the content type.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_BUSY: {
    status: 503,
    when: 'The same delivery is running, here or in another process, and has not ended within four seconds; or its lease was lost to another process.',
    message: 'This event is being handled. Send it again shortly.',
    action:
      'Nothing: Coinflow sends the event again. If it happens often, the handlers are slow: put the work into a queue.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_STORE_UNAVAILABLE: {
    status: 503,
    when: 'Whether a delivery was handled before cannot be told: the store of `webhook.deliveries` is away.',
    message: 'This event cannot be handled right now. Send it again shortly.',
    action: 'See that the store of webhook.deliveries (Redis) is up. Nothing is lost: Coinflow sends the event again.',
    guard: false,
    webhook: true,
  },
  COINFLOW_WEBHOOK_UNAVAILABLE: {
    status: 503,
    when: 'Whether to accept a webhook is not known now: the event is about another merchant, and `webhook.acceptMerchant` is not set, failed or did not answer in time; or the function of `webhook.keys` gave no key; or the application is shutting down.',
    message: 'This event cannot be accepted right now. Send it again shortly.',
    action:
      'If the event is about another merchant, set webhook.acceptMerchant: true runs its events, false acknowledges them without running. Otherwise see the reason in the log. Nothing is lost: Coinflow sends the event again for 36 hours.',
    guard: false,
    webhook: true,
  },
  COINFLOW_MISCONFIGURED: {
    status: 500,
    when: 'The API key is refused or another merchant’s; a 404 or a redirect before Coinflow ever did what was asked; something that accepts a random session key; a webhook route without a key or without the raw body; `@CurrentSession()` or the guard where it cannot work; a route that has lost its guard, or with a policy that contradicts itself; a client for a single Redis that reaches a cluster, or a url without `@redis/client`; wrong options at boot.',
    message: 'Internal server error',
    action: 'Correct the configuration that the message names.',
    guard: true,
  },
} as const satisfies Record<string, CatalogueEntry>;

/** The literal `code` of an error of this package; it stays the same from version to version. */
export type CoinflowAuthErrorCode = keyof typeof COINFLOW_AUTH_ERRORS;
