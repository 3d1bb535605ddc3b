/** Coinflow's clock, as its answers show it. */
export class UpstreamClock {
  /** Coinflow's clock minus ours, in milliseconds; `undefined` until an answer has shown it. */
  readonly skewMs: number | undefined = undefined;

  /** Now by Coinflow's clock, in milliseconds since 1970. */
  now(): number {
    return Date.now() + (this.skewMs ?? 0);
  }
}
