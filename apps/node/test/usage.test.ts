import { expect, test } from 'vitest';
import { residual } from './run-command.ts';

test.each([
  { args: [], expected: 'Usage: residual' },
  { args: ['clasify'], expected: "residual: unknown command 'clasify' (Did you mean classify?)" },
  { args: ['classify', '--weights', 'w'], expected: 'residual: --weights: w: expected a weights file' },
  {
    args: ['classify', 'a.png', '--model', 'resnet20'],
    expected: 'residual: --weights: expected a file with resnet20',
  },
  { args: ['classify', 'a.png', '--model', 'resnet19', '--weights', 'w'], expected: "residual: no model 'resnet19'" },
  { args: ['summary', 'ResNet18'], expected: "residual: no model 'ResNet18'; did you mean 'resnet18'?" },
  { args: ['classify', 'a.png', '--model', 'rsnet50'], expected: "no model 'rsnet50'; did you mean 'resnet50'?" },
  {
    args: ['classify', 'a.png', '--model', 'resnet50', '--weights', 'IMAGENET1K-V2'],
    expected: "found none; did you mean 'IMAGENET1K_V2'?",
  },
  { args: ['models', 'resnet-18'], expected: "got one that matches none; did you mean 'resnet18'?" },
  { args: ['classify', 'a.png', '--preset', 'imagenetk1V1'], expected: "; did you mean 'imagenet1kV1'?" },
  { args: ['classify', 'a.png', '--device', 'natve'], expected: "got 'natve'; did you mean 'native'?" },
  { args: ['export', 'a.onnx', '--model', 'resnet18', '--format', 'onx'], expected: "got 'onx'; did you mean 'onnx'?" },
  { args: ['evaluate', '--data', 'cifar-10:x'], expected: "got 'cifar-10:x'; did you mean 'cifar10'?" },
  {
    args: ['classify', 'a.png', '--model', 'resnet18', '--weights', 'w', '--top', '0'],
    expected: "residual: --top: expected a whole number from 1, got '0'",
  },
  {
    args: ['classify', 'a.png', '--model', 'resnet18', '--weights', 'w', '--preset', 'mine'],
    expected: "residual: --preset: unknown preset 'mine'",
  },
  {
    args: ['classify', 'a.png', '--model', 'resnet18', '--weights', 'w', '--logits'],
    expected: 'residual: --logits: expected --json',
  },
  {
    args: ['classify', 'a.png', '--model', 'resnet18', '--weights', 'w', '--device', 'native,gpu'],
    expected:
      "residual: --device: expected a list of native, tensorflow, wasm, webgpu, tfjs, tfjs-node, tfjs-wasm, got 'gpu'",
  },
  {
    args: ['classify', '*.none', '--model', 'resnet18', '--weights', 'w'],
    expected: 'residual: *.none: expected a pattern that matches files',
  },
  {
    args: ['evaluate', '--model', 'resnet20', '--weights', 'w', '--data', 'mnist:x'],
    expected: "residual: --data: expected cifar10:DIR, cifar100:DIR, folder:DIR, got 'mnist:x'",
  },
])('residual $args: exit 2 and how it is meant', async ({ args, expected }) => {
  const { exitCode, stdout, said } = await residual(args);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(said[0]).toContain(expected);
});

test.each(['classify', 'evaluate', 'summary', 'models', 'cache', 'export', 'train', 'fine-tune'])(
  '%s --help has examples',
  async (command) => {
    const { exitCode, stdout, said } = await residual([command, '--help']);
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    expect(stdout).toContain(`Examples:\n  residual ${command}`);
  },
);

test('--version prints the version', async () => {
  const { exitCode, stdout } = await residual(['--version']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
