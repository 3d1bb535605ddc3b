import { IsOptional } from 'class-validator';
import type { CoinflowBudgetOptions } from './budget-options.js';
import { Rule, Whole, isWhole } from './value-rules.js';

const MAX_CALLS = 10_000_000;

/** When the shares leave none. */
export const NO_NEW_KEYS =
  'budget.reservedForProven (half of budget.verificationsPerMinute, unless it is given) and budget.forcedChecks (a quarter) must leave at least 1 of budget.verificationsPerMinute for session keys that are new';

const RefusalsPerSource = (): PropertyDecorator =>
  Rule(
    'refusalsPerSource',
    (value) => value === false || isWhole(value, 0, MAX_CALLS),
    `must be a whole number from 0 to ${MAX_CALLS}, or false`,
  );

const Source = (): PropertyDecorator =>
  Rule('source', (value) => typeof value === 'function', 'must be a function that says where a request comes from');

/** What the options of the budget may be, each by itself. */
export class BudgetShape {
  @IsOptional()
  // Fewer, and a quarter of them would be none.
  @Whole(4, MAX_CALLS)
  verificationsPerMinute?: number;

  @IsOptional()
  @Whole(0, MAX_CALLS)
  reservedForProven?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  forcedChecks?: number;

  @IsOptional()
  @Whole(1, MAX_CALLS)
  forcedChecksPerKey?: number;

  @IsOptional()
  @RefusalsPerSource()
  refusalsPerSource?: number | false;

  @IsOptional()
  @Source()
  source?: CoinflowBudgetOptions['source'];
}
