import { readFileSync } from 'node:fs';
import {
  averageAntiAlias,
  BasicBlock,
  Bottleneck,
  bottleneck,
  efficientChannelAttention,
  projectionShortcut,
  stdConv2d,
  toTorch,
} from '@residual/blocks';
import {
  attentionPool,
  averagePooling,
  blurredMaxPooling,
  cifarPlainSpec,
  cifarPreActivationSpec,
  cifarResNetSpec,
  clip_resnet50Spec,
  convolutionPooling,
  deepStem,
  keras_resnet50v2Spec,
  legacy_seresnet18Spec,
  ResNet,
  type ResNetOptions,
  type ResNetSpec,
  res2net50_26w_4sSpec,
  resnest50dSpec,
  resnet50dSpec,
  resnetaa50dSpec,
  resnetblur18Spec,
  resnetrs50Spec,
  resnetv2_50d_evosSpec,
  resnetv2_50Spec,
  resnetv2_50x1_bitSpec,
  senet154Spec,
  seresnet50Spec,
  skresnet18Spec,
} from '@residual/resnet';
import { deterministicPicture, expectClose, probe } from '@residual/testing';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { backends } from './backends.ts';
import { deterministicVars } from './deterministic-vars.ts';

interface Golden {
  readonly shape: [number, number, number, number];
  readonly learningRate: number;
  readonly losses: number[];
  readonly gradients: Record<string, [number, number]>;
  readonly statistics: Record<string, [number, number]>;
  readonly logits: number[];
}

// Made by tooling/golden/training.py.
const goldens: Record<string, Golden> = JSON.parse(
  readFileSync(new URL('../golden/training.json', import.meta.url), 'utf8'),
);

const small = { depths: [1, 1, 1, 1], numClasses: 10 };
const narrow = { ...small, width: 16, planes: [8, 16, 32, 64] };
const grouped = { ...small, planes: [32, 32, 64, 64] };
const twoGroups = { groups: 2, widthPerGroup: 32, shortcut: projectionShortcut };
const nets: Record<string, [ResNetSpec, ResNetOptions]> = {
  resnet8: [cifarResNetSpec(8), {}],
  resnet8_b: [cifarResNetSpec(8, 'B'), {}],
  plain8: [cifarPlainSpec(8), {}],
  basic: [{ ...small, name: 'basic', block: BasicBlock }, {}],
  'bottleneck, 2 groups, outputStride 8': [
    { ...small, name: 'bottleneck', block: Bottleneck, groups: 2, widthPerGroup: 32 },
    { outputStride: 8 },
  ],
  'deep stem, average-pool shortcut, squeeze-excite': [
    { ...resnet50dSpec, ...narrow, name: 'deep', stem: deepStem([8, 8]), block: seresnet50Spec.block },
    {},
  ],
  'pre-activation bottleneck': [{ ...resnetv2_50Spec, ...narrow, name: 'v2' }, {}],
  'pre-activation basic': [{ ...cifarPreActivationSpec(18), ...small, width: 8 }, {}],
  'standardised weights, group norm': [{ ...resnetv2_50x1_bitSpec, ...grouped, name: 'bit', conv: stdConv2d() }, {}],
  'pre-activation deep stem, EvoNorm': [{ ...resnetv2_50d_evosSpec, ...grouped, name: 'evos' }, {}],
  res2net: [{ ...res2net50_26w_4sSpec, ...narrow, name: 'res2net', stem: deepStem([8, 8]), widthPerGroup: 32 }, {}],
  resnest: [{ ...resnest50dSpec, ...narrow, ...twoGroups, name: 'resnest', stem: deepStem([8, 8]) }, {}],
  'channel attention, averages': [
    {
      ...resnetaa50dSpec,
      ...narrow,
      name: 'averaged',
      stem: deepStem([8, 8], { pool: averagePooling }),
      block: bottleneck({ attention: efficientChannelAttention, antiAlias: averageAntiAlias }),
    },
    {},
  ],
  blur: [{ ...resnetblur18Spec, ...narrow, name: 'blur', stem: deepStem([8, 8], { pool: blurredMaxPooling }) }, {}],
  'resnet-rs': [{ ...resnetrs50Spec, ...narrow, name: 'rs', stem: deepStem([8, 8], { pool: convolutionPooling }) }, {}],
  senet: [
    {
      ...senet154Spec,
      ...narrow,
      name: 'senet',
      stem: deepStem([8, 8]),
      block: bottleneck({ reduceFirst: 2 }),
      groups: 2,
      widthPerGroup: 64,
    },
    {},
  ],
  'legacy senet': [{ ...legacy_seresnet18Spec, ...small, name: 'legacy' }, {}],
  'keras v2': [{ ...keras_resnet50v2Spec, ...narrow, name: 'keras', depths: [2, 1, 1, 1] }, {}],
  'attention pool': [
    { ...clip_resnet50Spec, ...small, name: 'clip', width: 16, pool: attentionPool({ edge: 2, outFeatures: 24 }) },
    {},
  ],
  sknet: [{ ...skresnet18Spec, ...narrow, name: 'sknet', stem: deepStem([8, 8]) }, {}],
};

// tfjs's plain JavaScript backend is there for the small nets alone: an ImageNet stem takes it minutes.
const large = [
  'keras v2',
  'attention pool',
  'basic',
  'bottleneck, 2 groups, outputStride 8',
  'deep stem, average-pool shortcut, squeeze-excite',
  'pre-activation bottleneck',
  'standardised weights, group norm',
  'pre-activation deep stem, EvoNorm',
  'res2net',
  'resnest',
  'channel attention, averages',
  'blur',
  'resnet-rs',
  'senet',
  'legacy senet',
  'sknet',
];
const devices: { name: string; present: boolean; nets: string[]; use: () => Promise<unknown> }[] = [
  {
    name: 'cpu',
    present: true,
    nets: Object.keys(nets).filter((name) => !large.includes(name)),
    use: () => tf.setBackend('cpu'),
  },
  ...backends
    .filter(({ gradients }) => gradients)
    .map(({ backend, present }) => ({
      name: backend.name,
      present,
      nets: Object.keys(nets),
      use: () => backend.use(),
    })),
];

const strict = { gradients: 2e-4, later: 1e-4, logits: 1e-4 };
// In two nets a number before a ReLU is zero but for rounding, and TensorFlow's kernels put it on either side, by the CPU.
const eitherSide = { gradients: 5e-2, later: 5e-3, logits: 1e-2 };
const undecided = ['basic', 'bottleneck, 2 groups, outputStride 8'];

describe.each(devices)('$name', ({ name: device, present, nets: names, use }) => {
  describe.skipIf(!present)("two steps of SGD give PyTorch's losses, gradients, running statistics and logits", () => {
    beforeAll(async () => {
      await use();
    });

    test.each(names)('%s', async (name) => {
      const golden = goldens[name]!;
      const bounds = device === 'tfjs-node' && undecided.includes(name) ? eitherSide : strict;
      const before = tf.memory().numTensors;
      const [spec, options] = nets[name]!;
      const model = new ResNet(spec, { ...options, vars: deterministicVars });
      const x = tf.tensor4d(deterministicPicture(golden.shape), golden.shape);
      const labels = tf.tidy(() => tf.oneHot(tf.range(0, golden.shape[0], 1, 'int32'), 10));
      const trainable = [...model.variables.values()].filter((value) => (value as tf.Variable).trainable);
      const paths = new Map([...model.variables].map(([path, value]) => [(value as tf.Variable).name, path]));

      for (const [step, expectedLoss] of golden.losses.entries()) {
        const updates = new Map<string, tf.Tensor>();
        const { value, grads } = tf.variableGrads(
          () =>
            tf.losses.softmaxCrossEntropy<tf.Tensor, tf.Scalar>(labels, model.forward(x, { training: true, updates })),
          trainable as tf.Variable[],
        );
        expectClose([value.dataSync()[0]!], [expectedLoss], step === 0 ? 1e-4 : bounds.later, `loss ${step}`);
        for (const [variable, gradient] of Object.entries(grads)) {
          const path = paths.get(variable)!;
          if (step === 0) {
            const { layout, shape } = model.variableSpecs.get(path)!;
            const torch = toTorch(layout, shape, (await gradient.data()) as Float32Array).data as Float32Array;
            const [norm] = golden.gradients[path]!;
            const got = probe(path, torch);
            const error = Math.max(...got.map((v, i) => Math.abs(v - golden.gradients[path]![i]!)));
            // That of a bias which a batch norm takes out again is rounding alone.
            const bound = norm < 1e-5 ? 1e-5 : bounds.gradients * (norm + 1e-4);
            expect(error, path).toBeLessThan(bound);
          }
          const target = model.variables.get(path) as tf.Variable;
          const value = tf.tidy(() => tf.sub(target, tf.mul(gradient, golden.learningRate)));
          target.assign(value);
          value.dispose();
        }
        for (const [path, update] of updates) {
          (model.variables.get(path) as tf.Variable).assign(update);
          update.dispose();
        }
        tf.dispose([value, grads]);
      }

      for (const [path, expected] of Object.entries(golden.statistics))
        expectClose(
          probe(path, (await model.variables.get(path)!.data()) as Float32Array),
          expected,
          bounds.later,
          path,
        );
      const logits = model.forward(x);
      expectClose((await logits.data()) as Float32Array, golden.logits, bounds.logits, 'logits');
      tf.dispose([logits, x, labels]);
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    });
  });
});
