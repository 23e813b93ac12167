import { type HostTensor, type StateDict, shapesOnly, torchShape, type VarSpec } from '@residual/blocks';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import { ClassifierError } from './classifier-error.ts';

export interface AdaptOptions {
  /** Classes of a new head, with random weights; left out, or as many as the weights have, the head stays. */
  readonly numClasses?: number;
  /** Channels of the pictures; other than the weights', the first convolution is adapted. */
  readonly inChannels?: number;
}

/** Weights for another number of classes or channels. */
export interface AdaptedWeights {
  readonly dict: StateDict;
  /** The network that the weights fit now. */
  readonly spec: ResNetSpec;
  /** Names of the tensors that were made anew. */
  readonly missing: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
}

/**
 * Weights for fine-tuning: the head replaced by the variant's own, the first convolution adapted, by timm's rules.
 *
 * `variant` is the registered network, whose head a new one is; `spec` the network that the weights fit.
 *
 * @throws ClassifierError for numbers that are none, or a first convolution of other than 3 channels.
 * @see timm `load_pretrained`, `adapt_input_conv`
 */
export function adaptWeights(
  dict: StateDict,
  { variant, spec }: { readonly variant: ResNetSpec; readonly spec: ResNetSpec },
  { numClasses, inChannels }: AdaptOptions,
  source: string,
): AdaptedWeights {
  checkCount('numClasses', numClasses);
  checkCount('inChannels', inChannels);
  const adapted = new Map(dict);
  const missing: string[] = [];
  const notes: string[] = [];
  let changed = spec;
  const found = new ResNet(spec, { vars: shapesOnly });
  const { inputWeight, headPath } = found;
  if (inChannels !== undefined && inChannels !== found.inChannels) {
    adapted.set(inputWeight, adaptInputConvolution(inputWeight, dict.get(inputWeight)!, inChannels, source));
    notes.push(`${source}: the first convolution, of 3 channels, adapted to ${inChannels}`);
    changed = { ...changed, inChannels };
  }
  if (numClasses !== undefined && numClasses !== found.numClasses) {
    for (const name of dict.keys()) if (name.startsWith(`${headPath}.`)) adapted.delete(name);
    changed = withHeadOf(variant, changed, numClasses);
    for (const [name, tensor] of newHead(new ResNet(changed, { vars: shapesOnly }))) {
      adapted.set(name, tensor);
      missing.push(name);
    }
    notes.push(`${source}: a new head of ${numClasses} classes, which has learned nothing yet; train it`);
  }
  return { dict: adapted, spec: changed, missing, notes };
}

function withHeadOf({ head, pool }: ResNetSpec, spec: ResNetSpec, numClasses: number): ResNetSpec {
  const { head: _, pool: __, ...backbone } = spec;
  return { ...backbone, ...(head && { head }), ...(pool && { pool }), numClasses };
}

/** Summed for one channel; for others repeated, cut off, and scaled so that activations stay as large. */
function adaptInputConvolution(
  name: string,
  { shape, data }: HostTensor,
  inChannels: number,
  source: string,
): HostTensor {
  const [outChannels, channels, height, width] = shape as [number, number, number, number];
  if (channels !== 3) {
    const expected = `expected ${name} of 3 channels to adapt to ${inChannels}, got ${channels}`;
    throw new ClassifierError('BAD_OPTION', `${source}: ${expected}; leave inChannels out`);
  }
  const area = height * width;
  const adapted = new Float32Array(outChannels * inChannels * area);
  for (let out = 0; out < outChannels; out++) {
    for (let at = 0; at < area; at++) {
      const value = (channel: number): number => Number(data[(out * 3 + channel) * area + at]!);
      if (inChannels === 1) adapted[out * area + at] = value(0) + value(1) + value(2);
      else
        for (let channel = 0; channel < inChannels; channel++)
          adapted[(out * inChannels + channel) * area + at] = (value(channel % 3) * 3) / inChannels;
    }
  }
  return { shape: [outChannels, inChannels, height, width], data: adapted };
}

/** Uniform in ±1/√features. @see torch `nn.Linear.reset_parameters` */
function newHead(model: ResNet): [string, HostTensor][] {
  const ofHead = [...model.variableSpecs].filter(([name]) => name.startsWith(`${model.headPath}.`));
  const features = Math.max(...ofHead.map(([, { shape }]) => shape.at(-2) ?? 1));
  const bound = 1 / Math.sqrt(features);
  return ofHead.map(([name, { layout, shape }]: [string, VarSpec]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from({ length }, () => (2 * Math.random() - 1) * bound);
    return [name, { shape: torchShape(layout, shape), data }];
  });
}

function checkCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return;
  throw new ClassifierError('BAD_OPTION', `${option}: expected a whole number from 1, got ${count}`);
}
