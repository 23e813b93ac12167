import { hardSwish, leakyRelu, relu6, silu, type VarSource } from '@residual/blocks';
import { averageAndMaxPool, linearHeadWithoutBias, ResNet, type ResNetSpec, sequentialHead } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';

const twoLayers = sequentialHead([
  { at: 0, kind: 'linear', outFeatures: 64, bias: true },
  { at: 1, kind: 'batch-norm' },
  { at: 2, kind: 'activation' },
  { at: 4, kind: 'linear', outFeatures: 10, bias: true },
]);

/** fastai's `create_head`, after its pooling. */
const fastai = sequentialHead([
  { at: 2, kind: 'batch-norm' },
  { at: 4, kind: 'linear', outFeatures: 512, bias: false },
  { at: 5, kind: 'activation' },
  { at: 6, kind: 'batch-norm' },
  { at: 8, kind: 'linear', outFeatures: 10, bias: false },
]);

/** What the scripts of this folder do to a net, by their word for it after the net's name. */
const changes: Readonly<Record<string, Partial<ResNetSpec>>> = {
  'outputStride 8': { outputStride: 8 },
  'outputStride 16': { outputStride: 16 },
  'stride in 1x1': { strideIn: '1x1' },
  'epsilon 1e-3': { epsilon: 1e-3 },
  biases: { convBias: 'all' },
  silu: { activation: silu },
  leaky_relu: { activation: leakyRelu },
  hardswish: { activation: hardSwish },
  relu6: { activation: relu6 },
  'head without bias': { head: linearHeadWithoutBias },
  'head of two layers': { head: twoLayers, numClasses: 10 },
  fastai: { pool: averageAndMaxPool, head: fastai, numClasses: 10 },
  'one channel': { inChannels: 1 },
  'one block a stage': { depths: [1, 1, 1, 1] },
  'two blocks a stage': { depths: [2, 2, 2, 2] },
};

/** The net of a title such as `resnet18, silu at 75x91`, with other variables if `vars` gives them. */
export function buildArchitecture(title: string, vars: VarSource): ResNet {
  const [name, change] = title.replace(/ at .*/, '').split(', ') as [string, string?];
  return new ResNet({ ...getSpec(name), ...(change && changes[change]) }, { vars });
}
