/**
 * Whether a caller's string can travel as an HTTP header's value and arrive as it was sent: visible ASCII, no blanks at
 * its ends (HTTP strips them, so that `"alice "` would become another user).
 */
export function isHeaderValue(value: unknown, maxLength = 256): value is string {
  return (
    typeof value === 'string' && value.length <= maxLength && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value)
  );
}

/** What {@link isHeaderValue} asks, in words. */
export const HEADER_VALUE_RULE = 'must be 1 to 256 visible ASCII characters without blanks at its ends';

/** What is wrong with a value that is sent in a header, or nothing. A number, for example, is not converted. */
export function headerValueProblem(
  value: unknown,
  maxLength?: number,
  rule: string = HEADER_VALUE_RULE,
): string | undefined {
  if (isHeaderValue(value, maxLength)) return undefined;
  return typeof value === 'string' || value === undefined || value === null ? rule : 'must be a string';
}

/** Coinflow takes the API key as it is; the documentation of other APIs puts `Bearer` before it. */
export function apiKeyProblem(value: unknown): string | undefined {
  const hasScheme = typeof value === 'string' && /^bearer /i.test(value);
  return hasScheme ? 'must be the API key alone, without "Bearer " before it' : headerValueProblem(value);
}
