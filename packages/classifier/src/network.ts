import type { PassedOverEngine } from '@residual/compile';
import type { Endpoint, ResNet } from '@residual/resnet';
import type { BatchRunOptions } from './batch-run-options.ts';
import type { Picture } from './picture-executable.ts';

/** The engine that runs a classifier's network. */
export interface ClassifierEngine {
  readonly name: string;
  /** What it runs on, e.g. `avx512, fp32, 2 threads`. */
  readonly device: string;
  /** Engines before it in the list, and why they do not serve. */
  readonly passedOver: readonly PassedOverEngine[];
  /** Whether it resizes and normalises pictures itself, where it computes. */
  readonly preparesPictures: boolean;
}

/** What a network runs on: a prepared picture, `[edgePx, edgePx, channels] float32`, or one that its engine prepares. */
export type NetworkInput = Float32Array | Picture;

/** What a picture gives at an endpoint: row-major float32, `[height, width, channels]` or, pooled, `[channels]`. */
export interface FeatureMap {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** One picture's outputs, by endpoint. */
export type Features<Name extends Endpoint = Endpoint> = Record<Name, FeatureMap>;

/** What computes a classifier's outputs. */
export interface Network {
  /** `undefined` where tfjs runs the model as it is. */
  readonly engine: ClassifierEngine | undefined;
  readonly model: ResNet;
  /** Outputs of pictures at the endpoints; at least one, all prepared or, where its engine prepares pictures, none. */
  run<Name extends Endpoint>(
    inputs: readonly NetworkInput[],
    endpoints: readonly Name[],
    options: BatchRunOptions,
  ): Promise<Features<Name>[]>;
  /** The network, to ask what it is made of; its variables may have shapes alone. */
  readonly blueprint: ResNet;
  /** The numbers of a variable, in tfjs's layout. */
  variable(name: string): Promise<ArrayLike<number>>;
  dispose(): Promise<void>;
}

/** Edge and channels of the pictures that a network takes. */
export interface InputSize {
  readonly edgePx: number;
  readonly channels: number;
}

/** Arrays end to end. */
export function join(inputs: readonly Float32Array[]): Float32Array {
  const size = inputs[0]!.length;
  const batch = new Float32Array(inputs.length * size);
  for (const [index, input] of inputs.entries()) batch.set(input, index * size);
  return batch;
}

/** A batch's outputs, picture by picture, each an array of its own. */
export function split<Name extends Endpoint>(batch: Features<Name>, count: number): Features<Name>[] {
  const outputs = Object.entries<FeatureMap>(batch);
  return Array.from({ length: count }, (_, row) => {
    const parts = outputs.map(([name, { shape, data }]) => {
      const size = data.length / count;
      return [name, { shape: shape.slice(1), data: data.slice(row * size, (row + 1) * size) }];
    });
    return Object.fromEntries(parts) as Features<Name>;
  });
}
