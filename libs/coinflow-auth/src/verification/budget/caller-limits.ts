import { CoinflowTooManyRequestsError } from '../../errors/coinflow-auth.errors.js';
import type { BudgetStore } from '../../options/budget-store.js';
import type { ResolvedBudgetOptions } from '../../options/budget-options.js';
import type { BudgetNames } from './budget-names.js';
import { RequestSources, type Caller } from './request-sources.js';
import { takeSlot, type TakenSlot } from './taken-slot.js';

/** Keeps one caller from spending a share alone: by the source of its new keys, or by the key whose checks it forces. */
export class CallerLimits {
  readonly #store: BudgetStore;
  readonly #names: BudgetNames;
  readonly #options: ResolvedBudgetOptions;
  readonly #sources: RequestSources;

  constructor(store: BudgetStore, names: BudgetNames, options: ResolvedBudgetOptions) {
    this.#store = store;
    this.#names = names;
    this.#options = options;
    this.#sources = new RequestSources(options);
  }

  /**
   * One of the refusals that the source may have; to be given back if Coinflow refuses nothing.
   * @returns `undefined` for a source that is not counted
   * @throws {CoinflowTooManyRequestsError} when it has had them all
   */
  async ofSource(caller: Caller): Promise<TakenSlot | undefined> {
    const { refusalsPerSource } = this.#options;
    const source = refusalsPerSource > 0 ? this.#sources.of(caller) : undefined;
    if (source === undefined) return undefined;
    const slot = await takeSlot(this.#store, this.#names.of('source', source), refusalsPerSource);
    if (typeof slot !== 'number') return slot;
    throw new CoinflowTooManyRequestsError('Coinflow has refused too many session keys of this source', {
      reason: 'source-limited',
      retryAfterMs: slot,
    });
  }

  /**
   * One of the checks that the session key may force.
   * @throws {CoinflowTooManyRequestsError} when it has had them all
   */
  async ofKey(id: string): Promise<TakenSlot> {
    const slot = await takeSlot(this.#store, this.#names.of('key', id), this.#options.forcedChecksPerKey);
    if (typeof slot !== 'number') return slot;
    throw new CoinflowTooManyRequestsError('This session key has forced too many checks by maxAgeMs', {
      reason: 'key-limited',
      retryAfterMs: slot,
    });
  }
}
