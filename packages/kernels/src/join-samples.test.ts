import { expect, test } from 'vitest';
import { joinSamples } from './join-samples.ts';

function graph(batch: number) {
  const values = [{ shape: [batch, 1, 2], dtype: 'float32' }];
  return { values, nodes: [], inputs: [{ name: 'x', value: 0 }], outputs: [], constants: new Map() };
}

const singles = [1, 2, 3].map((number) => ({ x: Float32Array.of(number, -number) }));

test('single pictures are joined to as many as the graph takes, the last with the first again', () => {
  expect(joinSamples(graph(2), singles)).toEqual([
    { x: Float32Array.of(1, -1, 2, -2) },
    { x: Float32Array.of(3, -3, 1, -1) },
  ]);
});

test("samples of the graph's own shape stay as they are, and so does what fits neither", () => {
  const whole = [{ x: Float32Array.of(1, 2, 3, 4) }];
  const wrong = [{ x: new Float32Array(3) }];
  for (const samples of [whole, wrong, []]) expect(joinSamples(graph(2), samples)).toBe(samples);
  expect(joinSamples(graph(1), singles)).toBe(singles);
});
