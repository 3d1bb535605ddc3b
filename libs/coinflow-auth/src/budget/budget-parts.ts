import type { BudgetStore } from '../options/budget-store.js';
import type { ResolvedBudgetOptions } from '../options/budget-options.js';
import type { ResolvedCoinflowAuthOptions } from '../options/resolve-options.js';
import type { ResilientStore } from '../cache/resilient-store.js';
import { BudgetNames } from './budget-names.js';
import { BudgetStatistics } from './budget-statistics.js';
import { Clients } from './clients.js';
import { ProcessBudgetStore } from './process-budget-store.js';
import { SharedBudgetStore } from './shared-budget-store.js';

/** Of each kind of call, and one more for wallet logins. */
const MAX_SHARES = 10;
const MAX_CALLERS = 20_000;

/** Where slots are counted. Two places, so that however many clients there are, they displace no share. */
export interface BudgetStores {
  readonly shares: BudgetStore;
  readonly callers: BudgetStore;
}

/** What the budgets of one instance of the module have in common. */
export interface BudgetParts {
  readonly options: ResolvedBudgetOptions;
  readonly stores: BudgetStores;
  readonly names: BudgetNames;
  readonly clients: Clients;
  readonly statistics: BudgetStatistics;
}

export function budgetParts(options: ResolvedCoinflowAuthOptions, stores = processStores()): BudgetParts {
  return {
    options: options.budget,
    stores,
    names: new BudgetNames(options),
    clients: new Clients(options.budget),
    statistics: new BudgetStatistics(),
  };
}

function processStores(): BudgetStores {
  return { shares: new ProcessBudgetStore(MAX_SHARES), callers: new ProcessBudgetStore(MAX_CALLERS) };
}

/** Counts over a store that replicas share, and in this process while that cannot be reached. */
export function sharedStores(store: ResilientStore<unknown>, budget: BudgetStore): BudgetStores {
  const { shares, callers } = processStores();
  return {
    shares: new SharedBudgetStore(store, budget, shares),
    callers: new SharedBudgetStore(store, budget, callers),
  };
}
