import { context, metrics, trace } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base';

/** What OpenTelemetry received. */
export interface RecordedTelemetry {
  spans(): ReadableSpan[];
  metrics(): Promise<MetricData[]>;
  stop(): Promise<void>;
}

/** Records the spans and metrics of this process. */
export function recordTelemetry(): RecordedTelemetry {
  const spans = new InMemorySpanExporter();
  const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const tracing = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const reader = new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 });
  const metering = new MeterProvider({ readers: [reader] });
  trace.setGlobalTracerProvider(tracing);
  metrics.setGlobalMeterProvider(metering);
  return {
    spans: () => spans.getFinishedSpans(),
    metrics: async () => {
      await metering.forceFlush();
      return (measured.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap((scope) => scope.metrics);
    },
    stop: async () => {
      trace.disable();
      metrics.disable();
      context.disable();
      await Promise.all([tracing.shutdown(), metering.shutdown()]);
    },
  };
}
