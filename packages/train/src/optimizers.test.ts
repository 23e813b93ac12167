import { readFileSync } from 'node:fs';
import { tensorflow, tfjsNode } from '@residual/backend-node';
import { webgpu } from '@residual/backend-webgpu';
import { fromTorch, torchShape, toTorch, type VarSource } from '@residual/blocks';
import type { Engine } from '@residual/compile';
import { cifarResNet } from '@residual/resnet';
import { deterministicPicture, deterministicTensor, expectClose, probe, requirement } from '@residual/testing';
import { provideWebgpu, webgpuDrivers } from '@residual/testing/dawn';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { adamw } from './adamw.ts';
import { compiledRunner } from './compiled-runner.ts';
import { eagerRunner } from './eager-runner.ts';
import { initialState } from './initial-state.ts';
import { type HostValues, initialVariables, type VariableSpecs } from './model.ts';
import { sgd } from './sgd.ts';
import type { StepRunner } from './step-runner.ts';
import { classTargets } from './targets.ts';
import type { StepOptions } from './training-step.ts';

type Probes = Record<string, [number, number]>;
interface Golden {
  readonly losses: number[];
  readonly gradients: Probes;
  readonly values: Probes;
}

// Made by tooling/golden/optimizers.py.
const { settings, ...goldens } = JSON.parse(
  readFileSync(new URL('../golden/optimizers.json', import.meta.url), 'utf8'),
) as { settings: { learningRates: number[]; shape: [number, number, number, number] } } & Record<string, Golden>;

const build = (vars: VarSource) => cifarResNet(8, { vars, shortcut: 'B' });
const deterministicVars: VarSource = (path, { layout, shape, trainable }) => {
  const torch = torchShape(layout, shape);
  const values = fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) });
  return tf.tidy(() => tf.variable(tf.tensor(values, shape), trainable));
};

const decay = 5e-3;
const momentum = sgd({ weightDecay: decay });
const cases: Record<string, StepOptions> = {
  momentum: { optimizer: momentum },
  nesterov: { optimizer: sgd({ weightDecay: decay, nesterov: true }), decayNormAndBias: false },
  'smoothed and clipped': { optimizer: momentum, clipNorm: 0.5 },
  groups: {
    optimizer: momentum,
    groups: [
      { match: /^(conv1|bn1)\./, frozen: true },
      { match: 'layer1', learningRateScale: 0.1 },
    ],
  },
  accumulated: { optimizer: momentum, accumulate: 2 },
  average: { optimizer: momentum, emaDecay: 0.8 },
  adamw: { optimizer: adamw({ weightDecay: 0.05 }) },
};

type MakeRunner = (options: StepOptions, batchSize: number) => Promise<StepRunner>;
let specs: VariableSpecs;
let values: HostValues;
const shapes = (batchSize: number) => ({
  images: [batchSize, ...settings.shape.slice(1)] as unknown as [number, number, number, number],
  numClasses: 10,
});
const eager: MakeRunner = async (options, batchSize) =>
  eagerRunner(build, specs, options, shapes(batchSize), initialState(specs, options, values));
const compiled =
  (engine: () => Engine): MakeRunner =>
  (options, batchSize) =>
    compiledRunner(build, specs, options, shapes(batchSize), initialState(specs, options, values), engine());

const devices: { name: string; present: boolean; use: () => Promise<unknown>; make: MakeRunner; names: string[] }[] = [
  { name: 'cpu', present: true, use: () => tf.setBackend('cpu'), make: eager, names: ['momentum', 'adamw'] },
  {
    name: 'tfjs-node',
    present: requirement('tfjs-node'),
    use: () => tfjsNode().use(),
    make: eager,
    names: Object.keys(cases),
  },
  {
    name: 'compiled on TensorFlow',
    present: requirement('tfjs-node'),
    use: () => tfjsNode().use(),
    make: compiled(tensorflow),
    names: Object.keys(cases),
  },
  ...webgpuDrivers.map(({ driver, needs }) => ({
    name: `compiled on WebGPU, ${driver}`,
    present: requirement(needs),
    use: async () => {
      await tf.setBackend('cpu');
      await provideWebgpu(driver);
    },
    make: compiled(webgpu),
    // It moves a state between two plans; SwiftShader takes seconds to compile one.
    names: driver === 'swiftshader' ? ['accumulated'] : Object.keys(cases),
  })),
];

describe.each(devices)('$name', ({ present, use, make, names }) => {
  describe.skipIf(!present)("five steps give PyTorch's losses, gradients and variables", () => {
    beforeAll(async () => {
      await use();
      ({ specs, values } = await initialVariables(build, deterministicVars));
    });

    test.each(names)('%s', async (name) => {
      const before = tf.memory().numTensors;
      const { accumulate = 1, emaDecay, optimizer } = cases[name]!;
      const golden = goldens[name] as Golden;
      const batchSize = settings.shape[0] / accumulate;
      const runner = await make(cases[name]!, batchSize);
      const picture = deterministicPicture(settings.shape);
      const size = picture.length / accumulate;
      for (const [step, learningRate] of settings.learningRates.entries()) {
        let loss = 0;
        for (let part = 0; part < accumulate; part++) {
          const labels = Array.from({ length: batchSize }, (_, index) => part * batchSize + index);
          const batch = {
            images: picture.slice(part * size, (part + 1) * size),
            targets: classTargets(labels, 10, name === 'smoothed and clipped' ? 0.1 : 0),
          };
          const phase = part === accumulate - 1 ? 'update' : 'accumulate';
          const numbers = { learningRate, ...optimizer.numbers(step + 1) };
          loss += (await runner.step(batch, numbers, phase)).loss / accumulate;
        }
        expectClose([loss], [golden.losses[step]!], 1e-3, `loss ${step}`);
        if (step > 0) continue;
        const state = await runner.readState();
        for (const [path, expected] of Object.entries(golden.gradients)) {
          // After one step the velocity is the gradient and what weight decay adds to it.
          const gradient = state.get(`momentum/${path}`)!.map((v, index) => v - decay * values.get(path)![index]!);
          expectProbe(path, gradient, expected, 1e-4);
        }
      }
      const state = await runner.readState();
      for (const [path, expected] of Object.entries(golden.values))
        expectProbe(path, state.get(emaDecay === undefined ? path : `ema/${path}`)!, expected, 2e-3);
      await runner.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});

function expectProbe(path: string, values: Float32Array, expected: [number, number], tolerance: number): void {
  const { layout, shape } = specs.get(path)!;
  const got = probe(path, toTorch(layout, shape, values).data as Float32Array);
  const error = Math.max(...got.map((value, index) => Math.abs(value - expected[index]!)));
  expect(error / (expected[0] + 1e-3), path).toBeLessThan(tolerance);
}
