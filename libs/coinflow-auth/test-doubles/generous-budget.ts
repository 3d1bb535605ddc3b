import type { CoinflowBudgetOptions } from '../src/options/coinflow-auth-options.js';

/** For tests that are not about the budget and make more calls than a real application. */
export const GENEROUS_BUDGET: CoinflowBudgetOptions = {
  verificationsPerMinute: 100_000,
  newKeysPerClient: 100_000,
  rejectionsPerClient: 100_000,
  walletLogins: 100_000,
  walletLoginsPerClient: 100_000,
};
