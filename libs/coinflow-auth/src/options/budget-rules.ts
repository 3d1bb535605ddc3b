import { IsOptional } from 'class-validator';
import type { CoinflowBudgetOptions } from './budget-options.js';
import { Rule, Whole, isWhole } from './value-rules.js';

const MAX_CALLS = 10_000_000;

/** When the shares leave none. */
export const NO_NEW_KEYS =
  'budget.reservedForKnownKeys (half of budget.verificationsPerMinute, unless it is given) and budget.revalidations (a quarter) must leave at least 1 of budget.verificationsPerMinute for session keys that are new';

const WholeOrFalse = (name: string, min: number): PropertyDecorator =>
  Rule(
    name,
    (value) => value === false || isWhole(value, min, MAX_CALLS),
    `must be a whole number from ${min} to ${MAX_CALLS}, or false`,
  );

const GetClient = (): PropertyDecorator =>
  Rule(
    'getClient',
    (value) => typeof value === 'function',
    'must be a function that says which client a request is from',
  );

/** What the options of the budget may be, each by itself. */
export class BudgetShape {
  @IsOptional()
  // Fewer, and a quarter of them would be none.
  @Whole(4, MAX_CALLS)
  verificationsPerMinute?: number;

  @IsOptional()
  @Whole(0, MAX_CALLS)
  reservedForKnownKeys?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  revalidations?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  revalidationsPerSubject?: number;

  @IsOptional()
  @WholeOrFalse('newKeysPerClient', 1)
  newKeysPerClient?: number | false;

  @IsOptional()
  @WholeOrFalse('rejectionsPerClient', 0)
  rejectionsPerClient?: number | false;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  walletLogins?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  walletLoginsPerClient?: number;

  @IsOptional()
  @GetClient()
  getClient?: CoinflowBudgetOptions['getClient'];
}
