import { isCoinflowAuthError } from '../errors/coinflow-auth.errors.js';
import { subjectName, type CoinflowSubject } from '../session/subject.js';
import type { BudgetParts } from './budget-parts.js';
import { CallLimits, type CallParties, type TakenLimits } from './call-limits.js';
import { outcomeOf } from './call-outcome.js';
import { CallShares } from './call-shares.js';
import type { Caller } from './clients.js';
import type { TakenSlot } from './taken-slot.js';
import { UpstreamLimit } from './upstream-limit.js';
import type { VerificationKind } from './verification-kind.js';

/** A call of Verify Token that is needed. */
export interface Verification {
  readonly kind: VerificationKind;
  /** The session key's. */
  readonly id: string;
  /** Whom the key names; counted only for a key that was verified or attested before. */
  readonly subject: CoinflowSubject | null;
  readonly caller: Caller;
}

interface TakenSlots {
  readonly share: TakenSlot;
  readonly limits: TakenLimits;
}

/**
 * How many calls of Verify Token are made, and for whom: Coinflow grants few, and anybody can send what looks like a session
 * key. A request for which none is left is told when to come back.
 */
export class VerificationBudget {
  readonly #parts: BudgetParts;
  readonly #shares: CallShares;
  readonly #limits: CallLimits;
  readonly #upstream = new UpstreamLimit();

  constructor(parts: BudgetParts) {
    const { stores, names, options } = parts;
    this.#parts = parts;
    this.#shares = new CallShares(stores.shares, names, options);
    this.#limits = new CallLimits(stores.callers, names, options);
  }

  /** For how many milliseconds nothing is asked, since Coinflow has answered 429. */
  get closedForMs(): number {
    return this.#upstream.closedForMs;
  }

  /**
   * Makes a call, if there is one left for it. Its repeats take no further slot.
   * @throws {CoinflowBudgetExhaustedError} when there is none, or Coinflow has answered 429
   * @throws {CoinflowTooManyRequestsError} when the client, or the user, has had its part
   */
  async run(verification: Verification, call: () => Promise<void>): Promise<void> {
    const { kind } = verification;
    const parties = this.#partiesOf(verification);
    // Anybody can write the subject of a new key: a 429 to a forged one must not stop the calls for that user.
    const party = parties.subject ?? parties.client ?? verification.id;
    const { share, limits } = await this.#counted(kind, () => this.#take(parties, party));
    try {
      await this.#call(kind, share, party, call);
    } catch (error) {
      limits.settle(outcomeOf(error));
      throw error;
    }
    limits.settle('accepted');
  }

  /** As {@link run}, for the endpoint probe. */
  async probe(call: () => Promise<void>): Promise<void> {
    const share = await this.#counted('newKeys', () => {
      this.#upstream.assertOpen(undefined);
      return this.#shares.take('probe');
    });
    await this.#call('newKeys', share, undefined, call);
  }

  #partiesOf({ kind, id, subject, caller }: Verification): CallParties {
    const known = kind === 'newKeys' ? undefined : subject ? subjectName(subject) : id;
    return { kind, subject: known, client: this.#parts.clients.of(caller) };
  }

  /** The slots of client and user first: a request without one must not even for a moment hold one of the share. */
  async #take(parties: CallParties, party: string): Promise<TakenSlots> {
    this.#upstream.assertOpen(party);
    const limits = await this.#limits.take(parties);
    try {
      return { share: await this.#shares.take(parties.kind), limits };
    } catch (error) {
      limits.settle('not-made');
      throw error;
    }
  }

  async #call(
    kind: VerificationKind,
    share: TakenSlot,
    party: string | undefined,
    call: () => Promise<void>,
  ): Promise<void> {
    try {
      // It may have closed while the slots were taken.
      await this.#counted(kind, () => this.#upstream.run(party, call));
    } catch (error) {
      if (outcomeOf(error) === 'not-made') share.giveBack();
      else this.#parts.statistics.used(kind);
      throw error;
    }
    this.#parts.statistics.used(kind);
  }

  /** Counts it when the budget refuses. */
  async #counted<T>(kind: VerificationKind, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      if (isCoinflowAuthError(error)) this.#parts.statistics.denied(kind, error);
      throw error;
    }
  }
}
