import { Logger } from '@nestjs/common';
import { sharedStores } from '../budget/budget-stores.js';
import { CallBudget } from '../budget/call-budget.js';
import type { CachedSession } from '../cache/cached-session.js';
import { ResilientStore } from '../cache/resilient-store.js';
import { Revocations } from '../cache/revocations.js';
import { Sealer } from '../cache/sealer.js';
import { SessionEnds } from '../cache/session-ends.js';
import { SessionCache } from '../cache/session-cache.js';
import { SharedCache } from '../cache/shared-cache.js';
import { SharedRevocations } from '../cache/shared-revocations.js';
import { SharedSessions } from '../cache/shared-sessions.js';
import type { TokenVerifier } from '../http/coinflow-client.js';
import type { CoinflowSharedStore } from '../options/store-contracts.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { withTimeoutOrUndefined } from '../util/promises.js';
import { Attestor } from './attestor.js';
import { SessionRevoker } from './session-revoker.js';
import { SessionVerifier } from './session-verifier.js';
import { SessionWatcher } from './session-watcher.js';

/** How long the start of the application waits for the revocations of the shared store. Reading many of them takes a while. */
const OPEN_TIMEOUT_MS = 30_000;
/** How long the shutdown of the application waits for the shared store. */
const CLOSE_TIMEOUT_MS = 5_000;
const REVOCATIONS_UNKNOWN = `The revocations of the shared store did not open within ${OPEN_TIMEOUT_MS / 1_000} s: until they do, session keys that other replicas have revoked are accepted. Check the store. [revocations-unavailable]`;

/** Builds everything that verifies and revokes sessions for one instance of the module. */
export class SessionParts {
  readonly cache: SessionCache;
  readonly revocations: Revocations;
  readonly budget: CallBudget;
  readonly verifier: SessionVerifier;
  readonly revoker: SessionRevoker;
  readonly watcher: SessionWatcher;
  /** `undefined` without the option `store`. */
  readonly sharedCache: SharedCache | undefined;
  /** `undefined` where the option `store` shares no revocations. */
  readonly sharedRevocations: SharedRevocations | undefined;
  readonly #logger = new Logger('CoinflowAuth');
  readonly #store: CoinflowSharedStore | undefined;
  readonly #sharedSessions: SharedSessions | undefined;

  constructor(coinflow: TokenVerifier, options: ResolvedCoinflowAuthOptions) {
    const { store } = options;
    this.#store = store;
    const attestor = new Attestor(options);
    const ends = new SessionEnds();
    this.revocations = new Revocations(coinflow.clock, ends);
    this.cache = new SessionCache(options.cache.maxEntries, coinflow.clock, this.revocations, attestor, ends);
    this.watcher = new SessionWatcher({ cache: this.cache, revocations: this.revocations, ends });
    const sealer = store && new Sealer(options);
    const resilient = store && new ResilientStore(store, store.timeoutMs);
    this.sharedCache = resilient && sealer && new SharedCache(resilient, sealer);
    this.sharedRevocations =
      store?.revocations && sealer && new SharedRevocations(store.revocations, sealer, this.revocations, this.cache);
    this.#sharedSessions = this.sharedCache && new SharedSessions(this.sharedCache, options.merchantId);
    this.budget = new CallBudget(options, resilient && store?.budget && sharedStores(resilient, store.budget));
    const { cache, revocations, budget, sharedRevocations } = this;
    const sharedSessions = this.#sharedSessions;
    const verifierParts = {
      coinflow,
      options,
      attestor,
      cache,
      revocations,
      budget,
      sharedSessions,
      sharedRevocations,
    };
    this.verifier = new SessionVerifier(verifierParts);
    this.revoker = new SessionRevoker(verifierParts);
  }

  /** Reads the revocations of the other replicas. If that takes too long, the application starts without them. */
  async open(): Promise<void> {
    if (!this.sharedRevocations || (await withTimeoutOrUndefined(this.sharedRevocations.open(), OPEN_TIMEOUT_MS)))
      return;
    this.#logger.warn(REVOCATIONS_UNKNOWN);
  }

  /** Closes the shared store. */
  async close(): Promise<void> {
    this.sharedRevocations?.close();
    await withTimeoutOrUndefined(Promise.resolve(this.#store?.close?.()), CLOSE_TIMEOUT_MS);
  }

  /** Caches a session that this application has just created, here and for the other replicas. */
  setCreated(id: string, key: string, session: CachedSession): void {
    if (this.cache.set(id, key, session)) this.#sharedSessions?.set(id, session);
  }
}
