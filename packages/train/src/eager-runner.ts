import { getBackend, scalar, type Tensor, type Tensor4D, tensor, tidy } from '@tensorflow/tfjs-core';
import type { HostValues, ModelBuilder, VariableSpecs } from './model.ts';
import type { RunnerShapes, StepRunner } from './step-runner.ts';
import { computeStep, type StepOptions, stateShapes } from './training-step.ts';

/** Steps by the current tfjs backend, operation by operation. */
export function eagerRunner(
  build: ModelBuilder,
  specs: VariableSpecs,
  options: StepOptions,
  shapes: RunnerShapes,
  initial: HostValues,
): StepRunner {
  const state: Record<string, Tensor> = {};
  for (const [name, shape] of stateShapes(specs, options)) state[name] = tensor(initial.get(name)!, [...shape]);
  return {
    device: `tfjs: ${getBackend()}`,
    async step(batch, numbers, phase) {
      const { loss, logits, ...outputs } = tidy(() => {
        const images = tensor(batch.images, [...shapes.images]);
        const targets = tensor(batch.targets, [shapes.images[0], shapes.numClasses]);
        const scalars = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, scalar(value)]));
        return { ...computeStep(build, specs, options, { state, images, targets, numbers: scalars }, phase) };
      });
      for (const [name, value] of Object.entries(outputs.state)) {
        state[name]!.dispose();
        state[name] = value;
      }
      const result = { loss: (await loss.data())[0]!, logits: (await logits.data()) as Float32Array };
      loss.dispose();
      logits.dispose();
      return result;
    },
    async predict(images, { ema = false } = {}) {
      const logits = tidy(() => {
        const model = build((path) => state[ema ? `ema/${path}` : path]!);
        return model.forward(tensor(images, [...shapes.images]) as Tensor4D);
      });
      const values = (await logits.data()) as Float32Array;
      logits.dispose();
      return values;
    },
    async readState() {
      const values = new Map<string, Float32Array>();
      for (const [name, value] of Object.entries(state))
        values.set(name, Float32Array.from((await value.data()) as Float32Array));
      return values;
    },
    async dispose() {
      for (const value of Object.values(state)) value.dispose();
    },
  };
}
