/** Stops watching for signals that nobody refers to any more. */
const collected = new FinalizationRegistry<() => void>((stop) => stop());

/**
 * A signal that does not keep what it watches. It lives as long as somebody holds it or listens to it, as the signals of
 * `AbortSignal.timeout()` do; after that, the watching stops.
 * @param watch calls `abort` once, and returns a function that stops it
 */
export function watchedSignal(watch: (abort: (reason: unknown) => void) => () => void): AbortSignal {
  const controller = new AbortController();
  const stop = watch((reason) => controller.abort(reason));
  // A controller holds its own signal, but not those that depend on it. Node keeps these while they have a listener.
  const signal = AbortSignal.any([controller.signal]);
  collected.register(signal, stop);
  return signal;
}
