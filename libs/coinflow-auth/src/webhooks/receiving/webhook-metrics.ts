/** How often what has happened to webhooks, since the application started. */
export interface CoinflowWebhookMetrics {
  /** Refused: no proof, a wrong one, or not JSON. */
  rejected: number;
  /** Proven, but signed longer ago than is allowed: an event was refused, or replayed. */
  tooOld: number;
  /** Proven, but no event. */
  malformed: number;
  /** Handled: all handlers have succeeded. */
  succeeded: number;
  /** Of those: of a type that no `@OnCoinflowEvent()` is for. */
  unhandled: number;
  /** Acknowledged without running: it has succeeded before. */
  duplicates: number;
  /** Acknowledged without running: about a merchant that `webhook.acceptMerchant` does not accept. */
  notAccepted: number;
  /** A handler has failed, or nothing can run as the application is configured: answered 500. */
  failed: number;
  /** Answered 503, since the same delivery was running, or its lease was lost. */
  busy: number;
  /** Answered 503, since the store of deliveries was unreachable; or 500, since it cannot work as it is configured. */
  storeUnavailable: number;
  /** Answered 503, since whether to accept it was not known: `COINFLOW_WEBHOOK_UNAVAILABLE`. */
  unavailable: number;
}

/** All zero. */
export function newMetrics(): CoinflowWebhookMetrics {
  return {
    rejected: 0,
    tooOld: 0,
    malformed: 0,
    succeeded: 0,
    unhandled: 0,
    duplicates: 0,
    notAccepted: 0,
    failed: 0,
    busy: 0,
    storeUnavailable: 0,
    unavailable: 0,
  };
}
