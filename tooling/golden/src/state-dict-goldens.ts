import { createHash } from 'node:crypto';
import { shapesOnly, torchShape } from '@residual/blocks';
import { expect } from 'vitest';
import { buildArchitecture } from './architectures.ts';

/** What a script of this folder says of the tensors of PyTorch's net. */
export interface StateDictGolden {
  readonly tensors: number;
  readonly parameters: number;
  /** Of the tensors' names and shapes. */
  readonly sha256: string;
}

/** Compares the names and shapes of a net's variables, and how many numbers train, with PyTorch's. */
export function expectStateDict(name: string, golden: StateDictGolden): void {
  const specs = [...buildArchitecture(name, shapesOnly).variableSpecs];
  const lines = specs.map(([path, { layout, shape }]) => `${path} ${torchShape(layout, shape).join(',')}`);
  const sizes = specs.filter(([, { trainable }]) => trainable).map(([, { shape }]) => shape.reduce((a, b) => a * b, 1));
  expect(lines).toHaveLength(golden.tensors);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(golden.parameters);
  expect(createHash('sha256').update(lines.sort().join('\n')).digest('hex')).toBe(golden.sha256);
}
