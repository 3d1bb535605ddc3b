import type { TokenVerifier } from '../http/coinflow-client.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { sharedStores } from '../budget/budget-stores.js';
import { CallBudget } from '../budget/call-budget.js';
import { Sealer } from '../cache/sealer.js';
import { SessionRevoker } from './session-revoker.js';
import { SessionVerifier } from './session-verifier.js';
import { ResilientStore } from '../cache/resilient-store.js';
import { SharedCache } from '../cache/shared-cache.js';
import { SharedRevocations } from '../cache/shared-revocations.js';
import { SharedSessions } from '../cache/shared-sessions.js';
import { Revocations } from '../cache/revocations.js';
import { type RememberedSession } from '../cache/remembered-session.js';
import { SessionCache } from '../cache/session-cache.js';

/** What knows of sessions in one instance of the module, put together. */
export class SessionParts {
  readonly memory: SessionCache;
  readonly revocations: Revocations;
  readonly budget: CallBudget;
  readonly verifier: SessionVerifier;
  readonly revoker: SessionRevoker;
  /** What all instances know; `undefined` where each is by itself. */
  readonly shared: SharedCache | undefined;
  /** What tells all instances of revocations; `undefined` where nothing does. */
  readonly sharedRevocations: SharedRevocations | undefined;
  readonly #sharedSessions: SharedSessions | undefined;

  constructor(client: TokenVerifier, options: ResolvedCoinflowAuthOptions) {
    const { store } = options;
    this.memory = new SessionCache(options.cache.maxEntries, client.clock);
    this.revocations = new Revocations(client.clock);
    const sealer = store && new Sealer(options);
    const resilient = store && new ResilientStore(store, store.timeoutMs);
    this.shared = resilient && sealer && new SharedCache(resilient, sealer);
    this.sharedRevocations =
      store?.revocations && sealer && new SharedRevocations(store.revocations, sealer, this.revocations, this.memory);
    this.#sharedSessions = this.shared && new SharedSessions(this.shared, options.merchantId);
    this.budget = new CallBudget(options, resilient && store?.budget && sharedStores(resilient, store.budget));
    const { memory, revocations, budget, sharedRevocations: others } = this;
    const shared = this.#sharedSessions;
    this.verifier = new SessionVerifier({ client, options, memory, revocations, budget, shared, others });
    this.revoker = new SessionRevoker(this.memory, this.revocations, shared, this.sharedRevocations);
  }

  /** Remembers a proof, here and for the other instances. */
  keep(id: string, session: RememberedSession): void {
    this.memory.remember(id, session);
    this.#sharedSessions?.keep(id, session);
  }
}
