/**
 * A setting that must be a whole number within bounds: one that is not would only show later, far from its cause.
 * @throws {RangeError}
 */
export function requireInteger(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} must be a whole number from ${least} to ${most}.`);
  }
  return value;
}

/** @throws {RangeError} */
export function requireOneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw new RangeError(`${what} must be one of ${allowed.join(', ')}.`);
  return value;
}

/** Only what was given: a property that is there and `undefined` must not switch a setting off. */
export function given<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}
