import type { DataSet, MixOptions, ModelBuilder, TrainOptions } from '@residual/train';

export const EPOCHS: number;

export function tinyNet(source: Parameters<ModelBuilder>[0], channels?: number): ReturnType<ModelBuilder>;

export function tinyOptions(mix?: MixOptions): Omit<TrainOptions, 'initial'>;

export function tinyData(size: number): DataSet;
