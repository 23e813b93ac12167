import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { shapesOnly, torchShape } from '@residual/blocks';
import { expect, test } from 'vitest';
import { buildArchitecture } from './architectures.ts';

// Made by tooling/golden/architectures.py.
const goldens: Record<string, { tensors: number; parameters: number; sha256: string }> = JSON.parse(
  readFileSync(new URL('../golden/state-dicts.json', import.meta.url), 'utf8'),
);

test.each(Object.entries(goldens))('%s: the names and shapes of its state dict are PyTorch’s', (name, golden) => {
  const specs = [...buildArchitecture(name, shapesOnly).variableSpecs];
  const lines = specs.map(([path, { layout, shape }]) => `${path} ${torchShape(layout, shape).join(',')}`);
  const sizes = specs.filter(([, { trainable }]) => trainable).map(([, { shape }]) => shape.reduce((a, b) => a * b, 1));
  expect(lines).toHaveLength(golden.tensors);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(golden.parameters);
  expect(createHash('sha256').update(lines.sort().join('\n')).digest('hex')).toBe(golden.sha256);
});
