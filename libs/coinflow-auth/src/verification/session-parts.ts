import type { TokenVerifier } from '../client/coinflow-client.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import { budgetParts, sharedStores } from './budget/budget-parts.js';
import type { BudgetStatistics, CoinflowBudgetMetrics } from './budget/budget-statistics.js';
import { VerificationBudget } from './budget/verification-budget.js';
import { WalletLoginBudget } from './budget/wallet-login-budget.js';
import { Sealer } from './sealing/sealer.js';
import { SessionRevoker } from './session-revoker.js';
import { SessionVerifier } from './session-verifier.js';
import { CarefulStore } from './shared/careful-store.js';
import { SharedMemory } from './shared/shared-memory.js';
import { SharedRevocations } from './shared/shared-revocations.js';
import { SharedSessions } from './shared/shared-sessions.js';
import { Revocations } from './storage/revocations.js';
import { type RememberedSession } from './storage/remembered-session.js';
import { SessionMemory } from './storage/session-memory.js';

/** What knows of sessions in one instance of the module, put together. */
export class SessionParts {
  readonly memory: SessionMemory;
  readonly revocations: Revocations;
  readonly budget: VerificationBudget;
  readonly walletLogins: WalletLoginBudget;
  readonly verifier: SessionVerifier;
  readonly revoker: SessionRevoker;
  /** What all instances know; `undefined` where each is by itself. */
  readonly shared: SharedMemory | undefined;
  /** What tells all instances of revocations; `undefined` where nothing does. */
  readonly sharedRevocations: SharedRevocations | undefined;
  readonly #sharedSessions: SharedSessions | undefined;
  readonly #budgetStatistics: BudgetStatistics;

  constructor(client: TokenVerifier, options: ResolvedCoinflowAuthOptions) {
    const { maxEntries, store } = options.cache;
    this.memory = new SessionMemory(maxEntries, client.clock);
    this.revocations = new Revocations(client.clock);
    const sealer = store && new Sealer(options);
    const careful = store && new CarefulStore(store, store.timeoutMs);
    this.shared = careful && sealer && new SharedMemory(careful, sealer);
    this.sharedRevocations =
      store?.revocations && sealer && new SharedRevocations(store.revocations, sealer, this.revocations, this.memory);
    this.#sharedSessions = this.shared && new SharedSessions(this.shared, options.merchantId);
    const parts = budgetParts(options, careful && store?.budget && sharedStores(careful, store.budget));
    this.budget = new VerificationBudget(parts);
    this.walletLogins = new WalletLoginBudget(parts);
    this.#budgetStatistics = parts.statistics;
    const { memory, revocations, budget, sharedRevocations: others } = this;
    const shared = this.#sharedSessions;
    this.verifier = new SessionVerifier({ client, options, memory, revocations, budget, shared, others });
    this.revoker = new SessionRevoker(this.memory, this.revocations, shared, this.sharedRevocations);
  }

  get budgetMetrics(): CoinflowBudgetMetrics {
    return this.#budgetStatistics.snapshot(this.budget.closedForMs);
  }

  /** Remembers a proof, here and for the other instances. */
  keep(id: string, session: RememberedSession): void {
    this.memory.remember(id, session);
    this.#sharedSessions?.keep(id, session);
  }
}
