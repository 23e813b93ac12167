import type { ResNet } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';
import { join, type Network, split } from './network.ts';

export interface EagerNetworkParts {
  readonly model: ResNet;
  readonly edgePx: number;
  readonly ownsModel: boolean;
}

/** A model run by tfjs, operation by operation. */
export class EagerNetwork implements Network {
  readonly engine = undefined;
  readonly model: ResNet;
  readonly #edgePx: number;
  readonly #ownsModel: boolean;

  constructor({ model, edgePx, ownsModel }: EagerNetworkParts) {
    this.model = model;
    this.#edgePx = edgePx;
    this.#ownsModel = ownsModel;
  }

  async run(inputs: readonly Float32Array[]): Promise<Float32Array[]> {
    const shape: [number, number, number, number] = [inputs.length, this.#edgePx, this.#edgePx, 3];
    const logits = tf.tidy(() => this.model.forward(tf.tensor4d(join(inputs), shape)));
    try {
      return split((await logits.data()) as Float32Array, inputs.length);
    } finally {
      logits.dispose();
    }
  }

  async dispose(): Promise<void> {
    if (this.#ownsModel) this.model.dispose();
  }
}
