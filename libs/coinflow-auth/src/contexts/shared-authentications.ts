import type { CoinflowSession } from '../session/coinflow-session.js';
import type { VerificationResult } from '../verification/verification-result.js';

interface Authentication {
  readonly key: string;
  /** How old the verification was allowed to be. */
  readonly maxAgeMs: number;
  readonly result: VerificationResult | Promise<VerificationResult>;
}

/** What has happened for a request so far. */
interface SharedRequest {
  authentication?: Authentication;
  isCounted: boolean;
}

/**
 * The authentication of requests for which several handlers run, such as the resolvers of a GraphQL operation. The key is
 * verified once for all, and again only where a handler demands a younger verification.
 */
export class SharedAuthentications {
  readonly #requests = new WeakMap<object, SharedRequest>();
  readonly #endOf: (session: CoinflowSession) => VerificationResult['error'];

  /** @param endOf why a session has ended; `undefined` if it has not */
  constructor(endOf: (session: CoinflowSession) => VerificationResult['error']) {
    this.#endOf = endOf;
  }

  /** @param carrier an object of the request, the same for all of its handlers */
  authenticate(
    carrier: object,
    key: string,
    maxAgeMs: number,
    authenticate: () => VerificationResult | Promise<VerificationResult>,
  ): VerificationResult | Promise<VerificationResult> {
    const request = this.#requestOf(carrier);
    const known = request.authentication;
    if (known?.key === key && known.maxAgeMs <= maxAgeMs) {
      const { result } = known;
      return result instanceof Promise ? result.then((late) => this.#again(late)) : this.#again(result);
    }
    const result = authenticate();
    request.authentication = { key, maxAgeMs, result };
    return result;
  }

  /** @returns `true` for the first handler of a request */
  countOnce(carrier: object): boolean {
    const request = this.#requestOf(carrier);
    const { isCounted } = request;
    request.isCounted = true;
    return !isCounted;
  }

  /** A subscription runs its resolvers for each event: hours later the session may have ended. */
  #again(result: VerificationResult): VerificationResult {
    const error = result.session && this.#endOf(result.session);
    return error ? { decidedBy: result.decidedBy, error } : result;
  }

  #requestOf(carrier: object): SharedRequest {
    let request = this.#requests.get(carrier);
    if (!request) this.#requests.set(carrier, (request = { isCounted: false }));
    return request;
  }
}
