import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars } from '@residual/blocks';
import { cifarResNet } from '@residual/resnet';
import { requirement } from '@residual/testing';
import { beforeAll, expect, test } from 'vitest';
import { tinyData } from '../test/tiny.mjs';
import { shuffledBatches } from './batches.ts';
import { constantRate } from './schedule.ts';
import { sgd } from './sgd.ts';
import { train } from './train.ts';

const hasTensorFlow = requirement('tfjs-node');

beforeAll(async () => {
  if (hasTensorFlow) await tfjsNode().use();
});

test.skipIf(!hasTensorFlow)("while a compiled step computes, the caller's event loop goes on", async () => {
  const data = shuffledBatches(tinyData(4 * 512), {
    mean: [0.5, 0.5, 0.5],
    std: [1, 1, 1],
    batchSize: 512,
    sizePx: 8,
    seed: 1,
  });
  const delays = monitorEventLoopDelay({ resolution: 2 });
  let steps = 0;
  let beganMs = 0;
  await train({
    model: (vars) => cifarResNet(20, { vars, numClasses: 4 }),
    initial: randomVars({ seed: 1 }),
    data,
    epochs: 3,
    schedule: constantRate(0.01),
    optimizer: sgd(),
    engine: tensorflow(),
    onEvent({ kind }) {
      if (kind !== 'step') return;
      steps += 1;
      // What comes before is tracing and compiling.
      if (steps > 1) return;
      beganMs = performance.now();
      delays.enable();
    },
  });
  delays.disable();
  const stepMs = (performance.now() - beganMs) / (steps - 1);
  expect(steps).toBe(12);
  // A step that kept the thread would be a delay of its own length each time.
  expect(delays.percentile(50) / 1e6).toBeLessThan(stepMs / 4);
  expect(delays.count).toBeGreaterThan(steps * 4);
});
