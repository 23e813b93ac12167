import type { Tensor } from '@tensorflow/tfjs-core';

/** What one step knows besides a parameter and its gradient. Scalars are tensors, so that a traced step takes new ones. */
export interface UpdateOptions {
  /** Scalar, scaled for the parameter's group. */
  readonly learningRate: Tensor;
  readonly weightDecay: number;
  /** What `numbers` said for this step, as scalars. */
  readonly numbers: Readonly<Record<string, Tensor>>;
}

/** A rule that moves parameters, as pure functions of tensors; the caller owns all that goes in and comes out. */
export interface Optimizer {
  /** Names of the tensors that it keeps for each parameter, of the parameter's shape, zeros at first. */
  readonly slots: readonly string[];
  /** Applied to every parameter whose group says nothing else. */
  readonly weightDecay: number;
  /** Numbers that change from step to step besides the learning rate; `step` counts from 1. */
  numbers(step: number): Readonly<Record<string, number>>;
  update(
    parameter: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    options: UpdateOptions,
  ): { readonly parameter: Tensor; readonly slots: readonly Tensor[] };
}
