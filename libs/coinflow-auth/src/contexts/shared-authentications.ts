import type { CoinflowSession } from '../session/coinflow-session.js';
import type { EndCheck } from '../verification/session-watcher.js';
import type { VerificationResult } from '../verification/verification-result.js';

/**
 * How long a result holds for `maxAgeMs` as well, in milliseconds: handlers that run within this time belong to one request.
 * The resolvers of a GraphQL subscription run for each event, hours later: their verification may have become too old.
 */
const SAME_REQUEST_MS = 1_000;

/** One authentication of a request. */
interface Attempt {
  readonly key: string;
  /** How old its verification may be at most. */
  maxAgeMs: number;
  /** Until the result is there. */
  pending?: Promise<VerificationResult> | undefined;
  result?: VerificationResult;
  /** Whether the session has ended since. */
  hasEnded?: EndCheck;
  /** On the monotonic clock. */
  settledAt?: number;
}

/** What has happened for a request so far. */
interface SharedRequest {
  attempts: Attempt[];
  isCounted: boolean;
}

/**
 * The authentication of requests for which several handlers run, such as the resolvers of a GraphQL operation. The key is
 * verified once for all, and again only where a handler demands a younger verification.
 */
export class SharedAuthentications {
  readonly #requests = new WeakMap<object, SharedRequest>();
  readonly #checkOf: (session: CoinflowSession) => EndCheck;

  /** @param checkOf creates the check whether a session has ended */
  constructor(checkOf: (session: CoinflowSession) => EndCheck) {
    this.#checkOf = checkOf;
  }

  /**
   * @param carrier an object of the request, the same for all of its handlers
   * @param authenticate verifies the key, with a verification of at most this age
   */
  authenticate(
    carrier: object,
    key: string,
    maxAgeMs: number,
    authenticate: () => VerificationResult | Promise<VerificationResult>,
  ): VerificationResult | Promise<VerificationResult> {
    const request = this.#requestOf(carrier);
    request.attempts = request.attempts.filter(isCurrent);
    const attempts = request.attempts.filter((attempt) => attempt.key === key);
    const known = attempts.find((attempt) => answers(attempt, maxAgeMs));
    if (known?.result) return this.#again(known, known.result);
    // It may ask Coinflow. Its result is then young enough for every handler.
    const pending = attempts.find((attempt) => attempt.pending !== undefined)?.pending;
    if (pending) return pending.then(() => this.authenticate(carrier, key, maxAgeMs, authenticate));
    const attempt: Attempt = { key, maxAgeMs };
    const result = authenticate();
    request.attempts.push(attempt);
    if (!(result instanceof Promise)) return settle(attempt, result);
    return (attempt.pending = settleLate(attempt, result));
  }

  /** @returns `true` for the first handler of a request */
  countOnce(carrier: object): boolean {
    const request = this.#requestOf(carrier);
    const { isCounted } = request;
    request.isCounted = true;
    return !isCounted;
  }

  /** The session may have ended since it was authenticated. */
  #again(attempt: Attempt, result: VerificationResult): VerificationResult {
    if (!result.session) return result;
    attempt.hasEnded ??= this.#checkOf(result.session);
    const error = attempt.hasEnded();
    return error ? { decidedBy: result.decidedBy, error } : result;
  }

  #requestOf(carrier: object): SharedRequest {
    let request = this.#requests.get(carrier);
    if (!request) this.#requests.set(carrier, (request = { attempts: [], isCounted: false }));
    return request;
  }
}

function settle(attempt: Attempt, result: VerificationResult): VerificationResult {
  // The call was made for this request.
  if (result.session && result.decidedBy === 'coinflow') attempt.maxAgeMs = 0;
  Object.assign(attempt, { result, pending: undefined, settledAt: performance.now() });
  return result;
}

/** Settles before those who wait for the result continue. */
async function settleLate(attempt: Attempt, pending: Promise<VerificationResult>): Promise<VerificationResult> {
  try {
    return settle(attempt, await pending);
  } finally {
    // Also after an exception, which is a defect.
    attempt.pending = undefined;
    attempt.settledAt ??= performance.now();
  }
}

function isCurrent({ settledAt }: Attempt): boolean {
  return settledAt === undefined || performance.now() - settledAt < SAME_REQUEST_MS;
}

/**
 * Whether the attempt decides for a handler with this demand. An error of a stricter attempt does not: with a verification that is
 * too old for the other handler, this one may still be accepted.
 */
function answers({ maxAgeMs, result }: Attempt, demandedMs: number): boolean {
  return maxAgeMs === demandedMs || (maxAgeMs < demandedMs && result?.session !== undefined);
}
