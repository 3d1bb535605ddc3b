/**
 * Whether a function of the application that must be synchronous has returned a promise. If so, its rejection is handled
 * here: an unhandled one would end the process.
 */
export function isUnexpectedPromise(value: unknown): boolean {
  if (typeof (Object(value) as { then?: unknown }).then !== 'function') return false;
  Promise.resolve(value).catch(() => undefined);
  return true;
}
