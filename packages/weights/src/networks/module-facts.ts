import type { WeightsIndex } from '../weights-index.ts';
import type { HintedNetwork, MutableHints } from './network-hints.ts';

/** What a pickled module keeps beside its tensors: strides, dilations, epsilon, the class of its activation. */
export function readModuleFacts(
  facts: WeightsIndex['facts'],
  { path, isBottleneck }: HintedNetwork,
  hints: MutableHints,
  notes: string[],
): void {
  const prefix = path === '' ? '' : `${path}.`;
  const first = (key: string) => {
    const value = facts.get(`${prefix}${key}`);
    return value === undefined ? undefined : Number(/\d+/.exec(String(value))?.[0]);
  };
  if (isBottleneck && first('layer2.0.conv1.stride') === 2) {
    hints.strideIn = '1x1';
    notes.push("the saved model has a stage's stride in the 1x1 convolution");
  }
  const dilation = first('layer4.1.conv2.dilation');
  if (dilation === 2 || dilation === 4) {
    hints.outputStride = dilation === 2 ? 16 : 8;
    notes.push(`the saved model is dilated: output stride ${hints.outputStride}`);
  }
  const epsilon = Number(facts.get(`${prefix}bn1.eps`) ?? 1e-5);
  if (epsilon !== 1e-5 && epsilon > 0) {
    hints.epsilon = epsilon;
    notes.push(`the saved model has batch norms with epsilon ${epsilon}`);
  }
  const classOf = (...modules: readonly string[]) => {
    const names = modules.map((module) => facts.get(`${prefix}${module}.__class__`));
    const name = names.find((found) => typeof found === 'string');
    return name?.slice(name.lastIndexOf('.') + 1);
  };
  const kind = classOf('layer1.0.relu', 'layer1.0.act1', 'layer1.0.act', 'relu', 'act1', 'act');
  if (kind !== undefined && kind !== 'ReLU') {
    hints.activation = kind;
    notes.push(`the saved model's activation is ${kind}`);
  }
  const pool = classOf('maxpool');
  if (pool === 'MaxPool2d' || pool === 'Identity') hints.stemPool = pool === 'MaxPool2d';
}
