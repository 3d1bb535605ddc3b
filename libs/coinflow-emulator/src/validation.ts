/**
 * Checks that a setting is an integer within bounds.
 * @throws {RangeError} naming the setting and the bounds
 */
export function requireInteger(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} must be an integer from ${least} to ${most}.`);
  }
  return value;
}

/** @throws {RangeError} naming the setting and the allowed values */
export function requireOneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw new RangeError(`${what} must be one of ${allowed.join(', ')}.`);
  return value;
}

/** Removes the properties that are `undefined`, so that they do not override a default. */
export function withoutUndefined<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}
