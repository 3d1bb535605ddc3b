/** The tables and lists of the code that `docs/reference/metrics.md` shows. */
export interface MetricsTables {
  readonly outcomes: readonly string[];
  readonly decidedBy: readonly string[];
  /** The tables of OpenTelemetry instruments. */
  readonly instruments: readonly object[];
  readonly spanAttributes: object;
  /** The log line of each limit of a client or a user, by its reason. */
  readonly rateLimited: object;
}

/** The text of `docs/reference/metrics.md`. The meanings come from the docstrings of the code, the log lines from its calls. */
export declare function metricsPage(tables: MetricsTables): string;
