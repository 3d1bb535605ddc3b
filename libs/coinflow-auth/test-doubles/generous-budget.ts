import type { CoinflowBudgetOptions } from '../src/options/budget-options.js';

/** Most tests are about other things, and ask more often than an application in which all is well. */
export const GENEROUS_BUDGET: CoinflowBudgetOptions = {
  verificationsPerMinute: 100_000,
  revalidationsPerSubject: 100_000,
  newKeysPerClient: false,
  rejectionsPerClient: 100_000,
  walletLogins: 100_000,
  walletLoginsPerClient: 100_000,
};
