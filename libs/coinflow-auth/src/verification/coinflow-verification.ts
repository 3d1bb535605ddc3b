import type { TokenVerifier } from '../http/coinflow-client.js';
import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { verificationKind } from '../budget/budget-statistics.js';
import type { CallBudget } from '../budget/call-budget.js';
import type { RequestOrClient } from '../budget/client-of.js';
import type { DecisionTrace } from './decision-trace.js';
import type { SharedRevocations } from '../cache/shared-revocations.js';
import type { SharedSessions } from '../cache/shared-sessions.js';
import { SingleFlight } from '../util/single-flight.js';
import type { Revocations } from '../cache/revocations.js';
import { isCreated, createdForMs, remembered, type RememberedSession } from '../cache/remembered-session.js';
import type { SessionCache } from '../cache/session-cache.js';
import { EndpointProbe } from './endpoint-probe.js';

/** Share of the time to live by which it is shortened or lengthened at random. */
const TTL_JITTER = 0.1;

/** What decides about session keys rests on. */
export interface ProofParts {
  readonly client: TokenVerifier;
  readonly options: ResolvedCoinflowAuthOptions;
  readonly memory: SessionCache;
  readonly revocations: Revocations;
  readonly budget: CallBudget;
  /** `undefined` where each instance is by itself. */
  readonly shared?: SharedSessions | undefined;
  /** What tells the other replicas of rejections; `undefined` where nothing does. */
  readonly others?: Pick<SharedRevocations, 'publishRejection'> | undefined;
}

/** Proof by asking: one call for all who wait for it, and its answer remembered. */
export class CoinflowVerification {
  readonly #parts: ProofParts;
  readonly #flights = new SingleFlight<RememberedSession>();
  readonly #trust: EndpointProbe;

  constructor(parts: ProofParts) {
    this.#parts = parts;
    const { client, options, budget } = parts;
    // The random key of the endpoint probe is this application's own, and stands behind a key that Coinflow has accepted.
    const verifyToken = (key: string): Promise<void> => budget.probe(() => client.verifyToken(key, { isKnown: true }));
    this.#trust = new EndpointProbe({ verifyToken }, options.merchantId);
  }

  /**
   * @param known what the key says, and what proof it had until now
   * @param maxAgeMs how long before now a call may have begun to be joined
   * @param caller who asks: pays for the call, if it is made
   */
  prove(
    id: string,
    key: string,
    known: RememberedSession,
    { maxAgeMs, trace, caller }: { maxAgeMs: number; trace: DecisionTrace; caller: RequestOrClient },
  ): Promise<RememberedSession> {
    trace.decidedBy = 'coalesced';
    return this.#flights.run(id, maxAgeMs, () => {
      trace.decidedBy = 'coinflow';
      return this.#ask(id, key, known, caller);
    });
  }

  async #ask(id: string, key: string, known: RememberedSession, caller: RequestOrClient): Promise<RememberedSession> {
    const { client, options, memory, revocations, budget, shared } = this.#parts;
    // Who waited for an earlier call may know less than that has proven.
    const kind = verificationKind(memory.recall(id) ?? known);
    // Coinflow's answer speaks of a moment after the call began: the proof is at least this young.
    const provenAt = performance.now();
    try {
      const { subject } = known;
      await budget.run({ kind, id, subject, client: caller }, () =>
        client.verifyToken(key, { isKnown: kind !== 'newKeys' }),
      );
    } catch (error) {
      if (error instanceof CoinflowSessionRejectedError) this.#rejected(id, known);
      throw error;
    }
    await this.#trust.establish();
    const ttlMs = Math.round(options.cache.ttlMs * (1 + TTL_JITTER * (2 * Math.random() - 1)));
    // Minting is the longer proof, and a yes does not shorten it.
    const holdsMs = isCreated(known) ? createdForMs(known, provenAt) : ttlMs;
    const proven = remembered(known, { ...known, provenAt, holdsMs });
    // An acceptance that was on its way when the key was revoked, or rejected elsewhere, comes too late.
    if (!revocations.hasKey(id) && memory.remember(id, proven)) shared?.keep(id, proven);
    return proven;
  }

  /** Here and on all replicas, whatever they knew of the key: an acceptance in their cache is older. */
  #rejected(id: string, known: RememberedSession): void {
    const { memory, shared, others } = this.#parts;
    const session = memory.reject(id, known);
    shared?.forget(id);
    void others?.publishRejection(id, session);
  }
}
