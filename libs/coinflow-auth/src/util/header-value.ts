/**
 * Whether a string arrives unchanged when it is sent as the value of an HTTP header: visible ASCII without leading or
 * trailing whitespace. HTTP strips such whitespace, which would turn the user `"alice "` into another user.
 */
export function isHeaderValue(value: unknown, maxLength = 256): value is string {
  return (
    typeof value === 'string' && value.length <= maxLength && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)
  );
}

/** The rule of {@link isHeaderValue}, for messages. */
export const HEADER_VALUE_RULE = 'must be 1 to 256 visible ASCII characters without leading or trailing whitespace';

/** @returns the rule that a value breaks, or `undefined` if it can be sent. A number, for example, is not converted. */
export function headerValueProblem(
  value: unknown,
  maxLength?: number,
  rule: string = HEADER_VALUE_RULE,
): string | undefined {
  if (isHeaderValue(value, maxLength)) return undefined;
  return typeof value === 'string' || value === undefined || value === null ? rule : 'must be a string';
}

/** As {@link headerValueProblem}, for a credential that is sent without a scheme. Other APIs want `Bearer` before theirs. */
export function apiKeyProblem(value: unknown): string | undefined {
  const hasScheme = typeof value === 'string' && /^bearer /i.test(value);
  return hasScheme ? 'must be the API key alone, without "Bearer " before it' : headerValueProblem(value);
}
