import type { HostValues } from './model.ts';
import type { StepPhase } from './training-step.ts';

/** A batch in host memory, row-major. */
export interface Batch {
  /** `[N, H, W, C]`. */
  readonly images: Float32Array;
  /** `[N, classes]`, each row a distribution. */
  readonly targets: Float32Array;
}

export interface StepResult {
  readonly loss: number;
  /** `[N, classes]`, before the parameters moved. */
  readonly logits: Float32Array;
}

/** Holds the state of a training and moves it, eagerly or compiled. */
export interface StepRunner {
  /** What computes, e.g. `tensorflow: TensorFlow 2.13.1`. */
  readonly device: string;
  step(batch: Batch, numbers: Readonly<Record<string, number>>, phase?: StepPhase): Promise<StepResult>;
  /** Logits of `images` of the training's batch size, by the variables or by their moving average. */
  predict(images: Float32Array, options?: { readonly ema?: boolean }): Promise<Float32Array>;
  /** All that the next step depends on; the caller's. */
  readState(): Promise<HostValues>;
  dispose(): Promise<void>;
}

export interface RunnerShapes {
  /** `[N, H, W, C]`. */
  readonly images: readonly [number, number, number, number];
  readonly numClasses: number;
}
