import { type Attributes, context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RequestTrace, Tracing } from './request-trace.ts';

/**
 * Spans of whatever SDK is registered with `@opentelemetry/api`; without one they go nowhere. Which headers continue a trace is
 * the registered propagator's choice: W3C's `traceparent` by default.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/
 */
export function openTelemetry(version: string): Tracing {
  const tracer = trace.getTracer('@residual/serve', version);
  return {
    start(name, carrier, attributes): RequestTrace {
      const parent = propagation.extract(context.active(), carrier);
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
      const within = trace.setSpan(parent, span);
      return {
        step: (stepName, startMs, endMs, stepAttributes: Attributes = {}) =>
          tracer
            .startSpan(stepName, { startTime: clockTime(startMs), attributes: stepAttributes }, within)
            .end(clockTime(endMs)),
        end: (endAttributes, failure) => {
          span.setAttributes(endAttributes);
          if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
          span.end();
        },
      };
    },
  };
}

function clockTime(ms: number): number {
  return performance.timeOrigin + ms;
}
