import { expect, test } from 'vitest';
import { residual } from './run-command.ts';

test('summary --json prints parameters, multiply-adds and layers, and nothing else', async () => {
  const { exitCode, stdout, said } = await residual(['summary', 'resnet50', '--json']);
  const { parameters, multiplyAdds, layers } = JSON.parse(stdout);
  expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
  expect(parameters).toBe(25_557_032);
  expect(multiplyAdds / 1e9).toBeCloseTo(4.089, 3);
  const conv1 = layers.find(({ label, op }: { label: string; op: string }) => label === 'conv1' && op === 'Conv2D');
  expect(conv1.outputShape).toEqual([1, 112, 112, 64]);
});

test('summary prints a table that ends in the totals', async () => {
  const { exitCode, stdout } = await residual(['summary', 'resnet20']);
  expect(exitCode).toBe(0);
  expect(stdout.trim().split('\n').at(-1)).toMatch(/^total\s+269,722\s+40,551,040/);
});

test('an unknown model is refused with those there are', async () => {
  const { exitCode, stdout, said } = await residual(['summary', 'resnet19']);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(said.join()).toMatch(/^residual: no model 'resnet19'; did you mean 'resnet18'\?$/);
});
