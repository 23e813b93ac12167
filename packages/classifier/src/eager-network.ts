import type { Endpoint, ResNet } from '@residual/resnet';
import * as tf from '@tensorflow/tfjs-core';
import type { BatchRunOptions } from './batch-run-options.ts';
import { type Features, type InputSize, join, type Network, type NetworkInput, split } from './network.ts';

export interface EagerNetworkParts extends InputSize {
  readonly model: ResNet;
  readonly batchSize: number;
  readonly ownsModel: boolean;
}

/** A model run by tfjs, operation by operation. */
export class EagerNetwork implements Network {
  readonly engine = undefined;
  readonly model: ResNet;
  readonly #parts: EagerNetworkParts;

  constructor(parts: EagerNetworkParts) {
    this.model = parts.model;
    this.#parts = parts;
  }

  async run<Name extends Endpoint>(
    inputs: readonly NetworkInput[],
    endpoints: readonly Name[],
    { signal, batchSize = this.#parts.batchSize }: BatchRunOptions,
  ): Promise<Features<Name>[]> {
    const rows: Features<Name>[] = [];
    for (let start = 0; start < inputs.length; start += batchSize) {
      signal?.throwIfAborted();
      rows.push(
        ...(await this.#runBatch(inputs.slice(start, start + batchSize) as readonly Float32Array[], endpoints)),
      );
    }
    return rows;
  }

  get blueprint(): ResNet {
    return this.model;
  }

  async variable(name: string): Promise<ArrayLike<number>> {
    return this.model.variables.get(name)!.data();
  }

  async dispose(): Promise<void> {
    if (this.#parts.ownsModel) this.model.dispose();
  }

  async #runBatch<Name extends Endpoint>(
    batch: readonly Float32Array[],
    endpoints: readonly Name[],
  ): Promise<Features<Name>[]> {
    const { edgePx, channels } = this.#parts;
    const outputs = tf.tidy(() =>
      this.model.forwardIntermediates(tf.tensor4d(join(batch), [batch.length, edgePx, edgePx, channels]), endpoints),
    );
    try {
      const read = endpoints.map(async (name) => {
        const { shape } = outputs[name];
        return [name, { shape, data: (await outputs[name].data()) as Float32Array }];
      });
      return split(Object.fromEntries(await Promise.all(read)) as Features<Name>, batch.length);
    } finally {
      tf.dispose(outputs as tf.TensorContainer);
    }
  }
}
