import type { CoinflowEventCategory, CoinflowEventType } from '../events/event-types.js';

/** Which events a method handles: those that fit everything that is said. */
export interface CoinflowEventFilter<Type extends CoinflowEventType = CoinflowEventType> {
  /** Events of these types. */
  types?: readonly Type[];
  /** Events of this category, those of types that are not known yet among them. */
  category?: CoinflowEventCategory;
  /**
   * The name of the instance of `CoinflowAuthModule` whose webhooks these are.
   * @default the unnamed one
   */
  instance?: string;
}

interface Filterable {
  readonly eventType: string;
  readonly category: string;
}

/** What is wrong with a filter, or nothing. */
export function filterProblem({ types, category, instance }: CoinflowEventFilter): string | undefined {
  if (types !== undefined && !(Array.isArray(types) && types.length > 0 && types.every(isName))) {
    return 'types must be a list of at least one type';
  }
  if (category !== undefined && !isName(category)) return 'category must be a name';
  if (instance !== undefined && !isName(instance)) return 'instance must be a name';
  return undefined;
}

export function matches(filter: CoinflowEventFilter, event: Filterable, instance: string | undefined): boolean {
  return (
    filter.instance === instance &&
    (filter.types?.includes(event.eventType) ?? true) &&
    (filter.category === undefined || filter.category === event.category)
  );
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
