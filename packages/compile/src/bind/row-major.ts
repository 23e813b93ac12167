import { util } from '@tensorflow/tfjs-core';
import type { Weight } from '../bind.ts';
import type { ConstantData } from '../graph.ts';
import { gather } from './gather.ts';

export function isRowMajor({ axes, shape }: Weight): boolean {
  // Where an axis of one element lies makes no difference.
  const long = (axes ?? []).filter((axis) => shape[axis] !== 1);
  return long.every((axis, index) => index === 0 || axis > long[index - 1]!);
}

/** A weight's numbers in the order of its shape; its own array where they lie so. */
export function rowMajor(weight: Weight): ConstantData {
  if (isRowMajor(weight)) return weight.data;
  const { data, shape } = weight;
  const axes = weight.axes!;
  const strides = util.computeStrides([...axes.map((axis) => shape[axis]!), 1]);
  const turned = new (data.constructor as new (count: number) => ConstantData)(data.length);
  const steps = shape.map((_, axis) => strides[axes.indexOf(axis)]!);
  gather(turned, data, shape, steps, 0);
  return turned;
}
