import { CircuitBreaker, type BreakerState } from './circuit-breaker.js';
import { isEndpointFailure, type Outcome } from './outcome.js';

/** The worse of two breakers comes first. */
const BY_SEVERITY: readonly BreakerState[] = ['open', 'half-open', 'closed'];

/**
 * The circuit breakers of one endpoint: one for calls about new session keys, one for all other calls. Anybody can send
 * a new key, and a firewall may reset the connection for one of them. So failures of new keys stop calls for new keys only.
 *
 * Any other call counts for both breakers: its failure stops new keys too, and its success lets them through again, since
 * it shows that the endpoint answers.
 */
export class EndpointBreaker {
  readonly #name: string;
  readonly #others: CircuitBreaker<Outcome>;
  /** Only an endpoint that is called for new keys has one. */
  #newKeys: CircuitBreaker<Outcome> | undefined;

  /** @param name of the endpoint, for the log */
  constructor(name: string) {
    this.#name = name;
    this.#others = new CircuitBreaker(name, 'who needs it is answered 503 at once', isEndpointFailure);
  }

  /** The worse of the two. The breaker of new keys is closed again once any other call has succeeded. */
  get state(): BreakerState {
    const states = [this.#others.state, this.#newKeys?.state];
    return BY_SEVERITY.find((state) => states.includes(state)) ?? 'closed';
  }

  /** For how long no such attempt is let through; 0 when one is. */
  refusesForMs(isNewKey: boolean | undefined): number {
    return this.#breakerOf(isNewKey).refusesForMs;
  }

  /** Makes an attempt. Only while {@link refusesForMs} is 0. */
  async run(isNewKey: boolean | undefined, attempt: () => Promise<Outcome>): Promise<Outcome> {
    const outcome = await this.#breakerOf(isNewKey).run(attempt);
    if (!isNewKey) this.#newKeys?.learn(outcome);
    return outcome;
  }

  #breakerOf(isNewKey: boolean | undefined): CircuitBreaker<Outcome> {
    if (!isNewKey) return this.#others;
    return (this.#newKeys ??= new CircuitBreaker(
      `${this.#name} for new session keys`,
      'requests with new session keys are answered 503 at once',
      isEndpointFailure,
    ));
  }
}
