import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import sharp from 'sharp';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { startServer } from './fixtures.ts';

const exporter = new InMemorySpanExporter();
const traceId = '0af7651916cd43dd8448eb211c80319c';
const callerId = 'b7ad6b7169203331';

beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

beforeEach(() => exporter.reset());

async function picture(): Promise<BodyInit> {
  const png = sharp({ create: { width: 20, height: 12, channels: 3, background: '#39c' } }).png();
  return new Blob([new Uint8Array(await png.toBuffer())]);
}

async function spans(count: number): Promise<readonly ReadableSpan[]> {
  await expect.poll(() => exporter.getFinishedSpans().length).toBe(count);
  return exporter.getFinishedSpans();
}

const msOf = ([seconds, nanoseconds]: readonly [number, number]): number => 1000 * seconds + nanoseconds / 1e6;

test('a request continues its caller’s trace, with what its time went into', async () => {
  const { address } = await startServer({ traces: true });
  const headers = { 'Content-Type': 'image/png', traceparent: `00-${traceId}-${callerId}-01` };
  const asked = await fetch(`${address}/v1/classify`, { method: 'POST', body: await picture(), headers });
  expect(asked.status).toBe(200);
  const found = await spans(4);
  const request = found.find(({ kind }) => kind === SpanKind.SERVER)!;
  expect(request.name).toBe('POST /v1/classify');
  expect(request.attributes).toEqual({
    'http.request.method': 'POST',
    'http.route': '/v1/classify',
    'http.response.status_code': 200,
  });
  expect([request.spanContext().traceId, request.parentSpanContext?.spanId]).toEqual([traceId, callerId]);
  const steps = found.filter((span) => span !== request);
  expect(steps.map(({ name }) => name)).toEqual(['decode', 'queue', 'compute']);
  expect(steps[2]!.attributes).toEqual({ 'residual.batch_size': 1 });
  let endedMs = msOf(request.startTime) - 1;
  for (const step of steps) {
    expect([step.spanContext().traceId, step.parentSpanContext?.spanId]).toEqual([
      traceId,
      request.spanContext().spanId,
    ]);
    // One after the other, by one clock.
    expect(msOf(step.startTime)).toBeGreaterThanOrEqual(endedMs - 0.1);
    endedMs = msOf(step.endTime);
  }
  expect(msOf(request.endTime)).toBeGreaterThanOrEqual(endedMs - 1);
});

test('what a client did wrong is no failure; health and metrics have no spans', async () => {
  const { address } = await startServer({ traces: true });
  for (const path of ['/v2/health/ready', '/metrics']) await (await fetch(address + path)).text();
  expect((await fetch(`${address}/v2/models/net/infer`, { method: 'POST', body: '{' })).status).toBe(400);
  const [refused] = await spans(1);
  expect(refused!.attributes).toMatchObject({ 'http.response.status_code': 400 });
  expect(refused!.status.code).toBe(SpanStatusCode.UNSET);
  expect(refused!.parentSpanContext).toBeUndefined();
});

test('without traces there are none', async () => {
  const { address } = await startServer();
  expect((await fetch(`${address}/v2`)).status).toBe(200);
  expect(exporter.getFinishedSpans()).toEqual([]);
});
