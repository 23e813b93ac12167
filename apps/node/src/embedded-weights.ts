import { fileURLToPath } from 'node:url';
import { card, samplePictures, weightsUrl } from '@residual/weights-cifar10';

/** The weights that come with the command: the model that they are of, and their file. */
export function embeddedWeights(): { readonly model: string; readonly file: string } {
  return { model: card.model, file: fileURLToPath(weightsUrl()) };
}

/** What they are, in a line. */
export function describeEmbeddedWeights(): string {
  const { model, test } = card;
  return `weights: ${model}, trained on CIFAR-10; ten classes, ${test.top1} % of the test pictures right`;
}

/** How to have more classes. */
export function imagenetHint(): string {
  const files = '--weights FILE takes yours';
  return `for ImageNet's thousand classes: residual classify PICTURE… --model resnet50, which downloads weights; ${files}`;
}

/** Files of the pictures that come with the weights. */
export function sampleFiles(): readonly string[] {
  return samplePictures().map(({ url }) => fileURLToPath(url));
}
