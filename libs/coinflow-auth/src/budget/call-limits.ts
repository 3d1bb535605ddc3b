import { LRUCache } from 'lru-cache';
import { CoinflowTooManyRequestsError } from '../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../options/budget-store.js';
import type { ResolvedBudgetOptions } from '../options/budget-options.js';
import type { BudgetNames } from './budget-names.js';
import type { CallOutcome } from './call-outcome.js';
import { WINDOW_MS, takeSlot, type TakenSlot } from './taken-slot.js';
import type { VerificationKind } from './verification-kind.js';

const MAX_CLIENTS = 10_000;
/** How soon a call that is under way has probably ended. */
const BUSY_RETRY_AFTER_MS = 1_000;

/** Whom a call counts for. */
export interface CallParties {
  readonly kind: VerificationKind;
  /** The user of a key that was verified or attested before, or that key itself. Of a new key it is only a claim. */
  readonly subject: string | undefined;
  /** `undefined` where clients cannot be told apart. */
  readonly client: string | undefined;
}

/** How many calls one party can have in a minute. */
interface Limit {
  readonly name: string;
  readonly max: number;
  /** Why the next one is answered 429: the log's word, and a sentence. */
  readonly reason: string;
  readonly message: string;
  /** After which outcomes of a call its slot stays taken. */
  readonly spentBy: readonly CallOutcome[];
}

const REJECTIONS = 'rejections-per-client';
const ANY_CALL: readonly CallOutcome[] = ['accepted', 'rejected', 'unanswered'];
const TOO_MANY = {
  rejections: 'Coinflow has rejected too many session keys of this client',
  underWay: 'Too many new session keys of this client are being verified at the same time',
  newKeys: 'This client has sent too many new session keys',
  subject: 'Session keys of this user had to be verified too often',
  client: 'Known session keys of this client had to be verified too often',
};

/** The slots of one call. */
export interface TakenLimits {
  /** Gives back what the call has not spent. */
  readonly settle: (outcome: CallOutcome) => void;
}

/** Keeps one client or one user from spending the calls of all others. */
export class CallLimits {
  readonly #store: BudgetStore;
  readonly #names: BudgetNames;
  readonly #options: ResolvedBudgetOptions;
  /** By the name of a client's limit of rejections: how many of its slots are in use by calls that are under way. */
  readonly #underWay = new Map<string, number>();
  /** Until when a rejection counts that this process has seen, by the monotonic clock. */
  readonly #rejectedUntil = new LRUCache<string, number>({ max: MAX_CLIENTS });

  constructor(store: BudgetStore, names: BudgetNames, options: ResolvedBudgetOptions) {
    this.#store = store;
    this.#names = names;
    this.#options = options;
  }

  /** @throws {CoinflowTooManyRequestsError} when one of the parties has had its part */
  async take(parties: CallParties): Promise<TakenLimits> {
    const taken: [Limit, TakenSlot][] = [];
    const settle = (outcome: CallOutcome): void => {
      for (const [limit, slot] of taken) {
        if (!limit.spentBy.includes(outcome)) slot.giveBack();
        if (limit.reason === REJECTIONS) this.#leave(limit.name, outcome);
      }
    };
    for (const limit of this.#limitsOf(parties)) {
      const slot = await takeSlot(this.#store, limit.name, limit.max);
      if (typeof slot === 'number') {
        settle('not-made');
        throw this.#refusal(limit, slot);
      }
      taken.push([limit, slot]);
      if (limit.reason === REJECTIONS) this.#underWay.set(limit.name, (this.#underWay.get(limit.name) ?? 0) + 1);
    }
    return { settle };
  }

  #limitsOf({ kind, subject, client }: CallParties): Limit[] {
    return kind === 'newKeys' ? this.#ofNewKeys(client) : this.#ofKnownKeys(kind, subject, client);
  }

  #ofNewKeys(client: string | undefined): Limit[] {
    const { rejectionsPerClient, newKeysPerClient } = this.#options;
    return this.#limits(
      // Taken before the call, so that many at once cannot exceed it; an outage must not make offenders of those who retry.
      ['rejections', client, rejectionsPerClient, REJECTIONS, TOO_MANY.rejections, ['rejected']],
      ['new-keys', client, newKeysPerClient, 'new-keys-per-client', TOO_MANY.newKeys, ['accepted', 'rejected']],
    );
  }

  #ofKnownKeys(kind: VerificationKind, subject: string | undefined, client: string | undefined): Limit[] {
    const { revalidationsPerSubject, revalidationsPerClient, knownKeysPerClient } = this.#options;
    const perClient = kind === 'revalidations' ? revalidationsPerClient : knownKeysPerClient;
    return this.#limits(
      ['subject', subject, revalidationsPerSubject, 'verifications-per-user', TOO_MANY.subject, ANY_CALL],
      [kind, client, perClient, 'known-keys-per-client', TOO_MANY.client, ANY_CALL],
    );
  }

  #limits(...limits: [string, string | undefined, number, string, string, readonly CallOutcome[]][]): Limit[] {
    return limits.flatMap(([counted, party, max, reason, message, spentBy]) =>
      party === undefined || max === 0 ? [] : [{ name: this.#names.of(counted, party), max, reason, message, spentBy }],
    );
  }

  #leave(name: string, outcome: CallOutcome): void {
    const left = (this.#underWay.get(name) ?? 1) - 1;
    if (left > 0) this.#underWay.set(name, left);
    else this.#underWay.delete(name);
    if (outcome === 'rejected') this.#rejectedUntil.set(name, performance.now() + WINDOW_MS);
  }

  #refusal({ name, reason, message }: Limit, retryAfterMs: number): CoinflowTooManyRequestsError {
    if (reason === REJECTIONS && this.#isBusy(name)) {
      return new CoinflowTooManyRequestsError(TOO_MANY.underWay, {
        reason: 'client-busy',
        retryAfterMs: BUSY_RETRY_AFTER_MS,
      });
    }
    return new CoinflowTooManyRequestsError(message, { reason, retryAfterMs });
  }

  /** Whether the slots of a client are in use rather than spent: many users can come at once from one address. */
  #isBusy(name: string): boolean {
    const hasRejections = performance.now() < (this.#rejectedUntil.get(name) ?? -Infinity);
    return this.#underWay.has(name) || !hasRejections;
  }
}
