export const EPOCHS: number;

import type { DataSet, MixOptions, TrainOptions } from '@residual/train';

export function tinyOptions(mix?: MixOptions): Omit<TrainOptions, 'initial'>;

export function tinyData(size: number): DataSet;
