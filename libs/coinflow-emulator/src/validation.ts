/**
 * Checks that a setting is an integer within bounds.
 * @throws `RangeError` naming the setting and the bounds
 */
export function requireInteger(what: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${what} must be an integer from ${least} to ${most}.`);
  }
  return value;
}

/** @throws `RangeError` naming the setting and the allowed values */
export function requireOneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) throw new RangeError(`${what} must be one of ${allowed.join(', ')}.`);
  return value;
}

/**
 * The origins of an option, as browsers send them.
 * @throws `RangeError` for an invalid origin
 */
export function readOrigins(origins: readonly string[] = [], option = 'allowOrigins'): string[] {
  return origins.map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (!url || url.origin === 'null' || url.href !== `${url.origin}/`) {
      throw new RangeError(
        `${option}: "${text}" is not an origin. Pass a scheme, a host and an optional port, such as https://app.test.`,
      );
    }
    return url.origin;
  });
}

/**
 * The host names of an option, in lower case.
 * @throws `RangeError` for an invalid host name
 */
export function readHosts(hosts: readonly string[] = [], option = 'allowHosts'): string[] {
  const invalid = hosts.find((host) => !/^[\w-]+(?:\.[\w-]+)*$/.test(host));
  if (invalid !== undefined) {
    throw new RangeError(
      `${option}: "${invalid}" is not a host name. Pass a name without scheme, port and path, such as shop.test.`,
    );
  }
  return hosts.map((host) => host.toLowerCase());
}

/** Removes the properties that are `undefined`, so that they do not override a default. */
export function withoutUndefined<T extends object>(settings: T): Partial<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Partial<T>;
}
