import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import type { Graph } from '../graph.ts';
import { optimize } from '../passes/optimize.ts';
import { summary } from '../summary.ts';
import { trace } from '../trace.ts';
import { formatGraph } from './format-graph.ts';
import { formatSummary } from './format-summary.ts';
import { toMermaid } from './to-mermaid.ts';
import { toSvg } from './to-svg.ts';

function tinyNet(): Promise<Graph> {
  return trace((t) => {
    const x = t.input('image', [1, 8, 8, 3]) as tf.Tensor4D;
    const y = tf.conv2d(x, t.parameter('conv1.weight', [3, 3, 3, 4]) as tf.Tensor4D, 2, 1);
    const pooled = tf.mean(tf.relu(tf.add(y, t.parameter('conv1.bias', [4]))), [1, 2]) as tf.Tensor2D;
    return { logits: tf.matMul(pooled, t.parameter('fc.weight', [4, 5]) as tf.Tensor2D) };
  });
}

test('a graph is printed as a table', async () => {
  expect(formatGraph(optimize(await tinyNet()))).toBe(
    `
    layer   operation                                 output        reads
    image   input                                     [1, 8, 8, 3]
%0  conv1   FusedConv2D 3×3 / 2, pad 1, + bias, relu  [1, 4, 4, 4]  image, conv1.weight, conv1.bias
%1  conv1   Mean axis [1,2]                           [1, 4]        %0
%2  fc      FusedMatMul                               [1, 5]        %1, fc.weight
    logits  output                                    [1, 5]        %2`.slice(1),
  );
});

test('a norm that follows no convolution is printed with its activation', async () => {
  const graph = await trace((t) => {
    const [mean, variance] = ['bn.mean', 'bn.var'].map((name) => t.parameter(name, [4]) as tf.Tensor1D);
    return { y: tf.relu(tf.batchNorm(t.input('image', [1, 2, 2, 4]) as tf.Tensor4D, mean!, variance!)) };
  });
  expect(formatGraph(optimize(graph))).toMatch(/ bn +ScaleOffset relu +\[1, 2, 2, 4\]/);
});

test('a graph is drawn by Mermaid', async () => {
  expect(toMermaid(optimize(await tinyNet()))).toBe(
    `
flowchart TD
  in0(["image"])
  n0["conv1<br>FusedConv2D 3×3 / 2, pad 1, + bias, relu"]
  in0 -->|"[1, 8, 8, 3]"| n0
  n1["conv1<br>Mean axis [1,2]"]
  n0 -->|"[1, 4, 4, 4]"| n1
  n2["fc<br>FusedMatMul"]
  n1 -->|"[1, 4]"| n2
  out0(["logits"])
  n2 -->|"[1, 5]"| out0
`.slice(1),
  );
});

test('a graph is drawn as SVG, its shortcuts beside it, no two in one place', async () => {
  const graph = await trace((t) => {
    const x = t.input('a<b', [1, 4]);
    const first = tf.relu(x);
    const second = tf.square(tf.neg(first));
    return { y: tf.add(tf.add(second, first), x) };
  });
  const svg = toSvg(graph);
  const texts = [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  for (const text of ['a&lt;b', 'Relu', 'Neg', 'Square', 'Add', 'y', '[1, 4]']) expect(texts).toContain(text);
  const paths = [...svg.matchAll(/<path d="(M[^"]*)" fill="none"/g)].map(([, path]) => path!);
  expect(paths).toHaveLength(graph.nodes.length + 1 + 2);
  const lanes = paths.map((path) => /H([\d.]+)q/.exec(path)?.[1]).filter((lane) => lane !== undefined);
  expect(new Set(lanes).size).toBe(2);
});

test('a summary is printed as a table with totals', async () => {
  expect(formatSummary(summary(await tinyNet()))).toBe(
    `
layer  operation    output        parameters  multiply-adds  activations
conv1  Conv2D       [1, 4, 4, 4]         108          1,728           64
conv1  Add          [1, 4, 4, 4]           4
conv1  Relu         [1, 4, 4, 4]
conv1  Mean         [1, 4]
fc     BatchMatMul  [1, 5]                20             20            5
total                                    132          1,748           69`.slice(1),
  );
});
