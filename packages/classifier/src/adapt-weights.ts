import type { HostTensor, StateDict } from '@residual/blocks';
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
  /** Names of the tensors that were made anew. */
  readonly missing: readonly string[];
  /** For people. */
  readonly notes: readonly string[];
}

/**
 * Weights for fine-tuning: the head replaced, the first convolution adapted, by timm's rules.
 *
 * @throws ClassifierError for numbers that are none, or a first convolution of other than 3 channels.
 * @see timm `load_pretrained`, `adapt_input_conv`
 */
export function adaptWeights(
  dict: StateDict,
  { numClasses, inChannels }: AdaptOptions,
  source: string,
): AdaptedWeights {
  checkCount('numClasses', numClasses);
  checkCount('inChannels', inChannels);
  const adapted = new Map(dict);
  const missing: string[] = [];
  const notes: string[] = [];
  const conv = dict.get('conv1.weight');
  if (inChannels !== undefined && conv && conv.shape[1] !== inChannels) {
    adapted.set('conv1.weight', adaptInputConvolution(conv, inChannels, source));
    notes.push(`${source}: the first convolution, of 3 channels, adapted to ${inChannels}`);
  }
  const fc = dict.get('fc.weight');
  if (numClasses !== undefined && fc && fc.shape[0] !== numClasses) {
    for (const [name, tensor] of newHead(numClasses, fc.shape[1]!)) {
      adapted.set(name, tensor);
      missing.push(name);
    }
    notes.push(`${source}: a new head of ${numClasses} classes, which has learned nothing yet; train it`);
  }
  return { dict: adapted, missing, notes };
}

/** Summed for one channel; for others repeated, cut off, and scaled so that activations stay as large. */
function adaptInputConvolution({ shape, data }: HostTensor, inChannels: number, source: string): HostTensor {
  const [outChannels, channels, height, width] = shape as [number, number, number, number];
  if (channels !== 3) {
    const expected = `expected conv1.weight of 3 channels to adapt to ${inChannels}, got ${channels}`;
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
function newHead(numClasses: number, features: number): [string, HostTensor][] {
  const bound = 1 / Math.sqrt(features);
  const random = (length: number): Float32Array => Float32Array.from({ length }, () => (2 * Math.random() - 1) * bound);
  return [
    ['fc.weight', { shape: [numClasses, features], data: random(numClasses * features) }],
    ['fc.bias', { shape: [numClasses], data: random(numClasses) }],
  ];
}

function checkCount(option: string, count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count >= 1)) return;
  throw new ClassifierError('BAD_OPTION', `${option}: expected a whole number from 1, got ${count}`);
}
