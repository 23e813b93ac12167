import { didYouMean } from '@residual/resnet';
import { softmax } from '@residual/vision';
import type { Classifier } from '../classifier.ts';
import { ClassifierError } from '../classifier-error.ts';
import type { Features } from '../network.ts';
import type { ExplainOptions } from './explanation.ts';

/** What a picture is explained for: a class, or a channel of the pooled features. */
export interface Question {
  readonly endpoint: 'logits' | 'pooled';
  readonly index: number;
  readonly label: string;
  /** A class's probability, or a channel's value. */
  scoreOf(output: Float32Array): number;
}

/**
 * What is asked for, by the options; without them the likeliest class by the network's `outputs`.
 *
 * @throws ClassifierError for a class or a channel that there is not.
 */
export function questionOf(
  classifier: Classifier,
  { target, channel }: Pick<ExplainOptions, 'target' | 'channel'>,
  outputs: Partial<Features>,
): Question {
  const { labels, numFeatures } = classifier;
  if (channel !== undefined) {
    if (target !== undefined)
      throw new ClassifierError('BAD_OPTION', 'channel: expected no target beside it, got one; leave one of them out');
    if (Number.isInteger(channel) && channel >= 0 && channel < numFeatures)
      return { endpoint: 'pooled', index: channel, label: `channel ${channel}`, scoreOf: (row) => row[channel]! };
    throw new ClassifierError('BAD_OPTION', `channel: expected one from 0 to ${numFeatures - 1}, got ${channel}`);
  }
  if (labels.length === 0) {
    const problem = 'expected a channel from 0 to';
    const why = `${classifier.spec.name} has no head, and so no classes`;
    throw new ClassifierError('NO_HEAD', `channel: ${problem} ${numFeatures - 1}, got none; ${why}`);
  }
  const index = typeof target === 'string' ? labels.indexOf(target) : (target ?? argMax(outputs.logits!.data));
  const label = labels[index];
  if (label !== undefined) return { endpoint: 'logits', index, label, scoreOf: (row) => softmax(row)[index]! };
  const meant = typeof target === 'string' ? didYouMean(target, labels) : '';
  const expected = `expected a class's name or its index from 0 to ${labels.length - 1}`;
  throw new ClassifierError(
    'BAD_OPTION',
    `target: ${expected}, got ${JSON.stringify(target)}${meant || '; see labels'}`,
  );
}

function argMax(values: Float32Array): number {
  const scores = softmax(values);
  return scores.indexOf(scores.reduce((most, score) => Math.max(most, score)));
}
