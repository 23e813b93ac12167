import type { ResNet } from '@residual/resnet';
import { ClassifierError } from './classifier-error.ts';
import { defaultLabels } from './default-labels.ts';

/** A name for each class of the network: those given, else the usual. @throws ClassifierError where the given ones are not as many */
export async function labelsFor(
  { numClasses, sizePx }: ResNet,
  given: readonly string[] | undefined,
): Promise<readonly string[]> {
  if (numClasses === null) return [];
  if (given === undefined) return defaultLabels(numClasses, sizePx);
  if (given.length === numClasses) return given;
  const counts = `expected ${numClasses} names, one per class, got ${given.length}`;
  throw new ClassifierError('BAD_LABELS', `labels: ${counts}; pass as many as the head has rows`);
}
