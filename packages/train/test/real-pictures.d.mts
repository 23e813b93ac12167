import type { VarSource } from '@residual/blocks';
import type { Engine } from '@residual/compile';
import type { TrainableModel } from '@residual/train';

export interface Pictures {
  /** `[N, 32, 32, 3] uint8`. */
  readonly pixels: Uint8Array;
  readonly labels: readonly number[];
  /** By path, in tfjs's layout. */
  readonly weights: Readonly<Record<string, readonly number[]>>;
  readonly batchSize: number;
  readonly learningRate: number;
}

export interface Trained {
  readonly losses: number[];
  readonly gradients: Record<string, number[]>;
}

export function pictureNet(source: VarSource): TrainableModel;
export function trainOnPictures(pictures: Pictures, engine?: Engine): Promise<Trained>;
