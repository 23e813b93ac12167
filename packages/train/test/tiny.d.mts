export const EPOCHS: number;

import type { MixOptions, TrainOptions } from '@residual/train';

export function tinyOptions(mix?: MixOptions): Omit<TrainOptions, 'initial'>;
