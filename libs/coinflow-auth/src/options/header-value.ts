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
