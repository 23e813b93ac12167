import type { KernelGraph } from './kernel-graph.ts';
import type { CalibrationSamples } from './native.ts';

/** Samples of one picture each, where the graph takes several, joined to as many; the last ones begin again at the first. */
export function joinSamples({ values, inputs }: KernelGraph, samples: CalibrationSamples): CalibrationSamples {
  const port = inputs[0]!;
  const { shape } = values[port.value]!;
  const batch = shape[0]!;
  const length = shape.reduce((product, size) => product * size, 1);
  const areSingle = samples.every((sample) => sample[port.name]?.length === length / batch);
  if (batch === 1 || samples.length === 0 || !areSingle) return samples;
  const names = Object.keys(samples[0]!);
  return Array.from({ length: Math.ceil(samples.length / batch) }, (_, group) => {
    const some = Array.from({ length: batch }, (_, index) => samples[(group * batch + index) % samples.length]!);
    return Object.fromEntries(names.map((name) => [name, joined(some.map((sample) => sample[name]!))]));
  });
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
