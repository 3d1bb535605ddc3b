import type { TokenVerifier } from '../client/coinflow-client.js';
import { CoinflowSessionRejectedError } from '../errors/coinflow-auth.errors.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { DecisionTrace } from './decision-trace.js';
import type { SharedSessions } from './shared/shared-sessions.js';
import { SingleFlight } from './single-flight.js';
import type { Revocations } from './storage/revocations.js';
import {
  UNPROVEN,
  isMinted,
  mintedForMs,
  remembered,
  type RememberedSession,
  type SessionMemory,
} from './storage/session-memory.js';
import { UpstreamTrust } from './upstream-trust.js';

/** Share of the time to live by which it is shortened or lengthened at random. */
const TTL_JITTER = 0.1;

/** What decides about session keys rests on. */
export interface ProofParts {
  readonly client: TokenVerifier;
  readonly options: ResolvedCoinflowAuthOptions;
  readonly memory: SessionMemory;
  readonly revocations: Revocations;
  /** `undefined` where each instance is by itself. */
  readonly shared?: SharedSessions | undefined;
}

/** Proof by asking: one call for all who wait for it, and its answer remembered. */
export class UpstreamProof {
  readonly #parts: ProofParts;
  readonly #flights = new SingleFlight<RememberedSession>();
  readonly #trust: UpstreamTrust;

  constructor(parts: ProofParts) {
    this.#parts = parts;
    this.#trust = new UpstreamTrust(parts.client, parts.options.merchantId);
  }

  /**
   * @param known what the key says, and what proof it had until now
   * @param maxAgeMs how long before now a call may have begun to be joined
   */
  prove(
    id: string,
    key: string,
    known: RememberedSession,
    maxAgeMs: number,
    trace: DecisionTrace,
  ): Promise<RememberedSession> {
    trace.source = 'shared-flight';
    return this.#flights.run(id, maxAgeMs, () => {
      trace.source = 'coinflow';
      return this.#ask(id, key, known);
    });
  }

  async #ask(id: string, key: string, known: RememberedSession): Promise<RememberedSession> {
    const { client, options, memory, revocations, shared } = this.#parts;
    // Coinflow's answer speaks of a moment after the call began: the proof is at least this young.
    const provenAt = performance.now();
    try {
      await client.verifyToken(key);
    } catch (error) {
      if (error instanceof CoinflowSessionRejectedError) {
        memory.refuse(id, known);
        if (known.provenAt !== UNPROVEN.provenAt) shared?.forget(id);
      }
      throw error;
    }
    await this.#trust.establish();
    const ttlMs = Math.round(options.cache.ttlMs * (1 + TTL_JITTER * (2 * Math.random() - 1)));
    // Minting is the longer proof, and a yes does not shorten it.
    const holdsMs = isMinted(known) ? mintedForMs(known, provenAt) : ttlMs;
    const proven = remembered(known, { ...known, provenAt, holdsMs });
    // A yes that was on its way when the key was revoked comes too late.
    if (!revocations.hasKey(id)) {
      memory.remember(id, proven);
      shared?.keep(id, proven);
    }
    return proven;
  }
}
