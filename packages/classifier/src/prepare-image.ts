import { type PixelImage, type Preset, preprocess, preprocessGrey } from '@residual/vision';
import { ClassifierError } from './classifier-error.ts';

/**
 * A picture as a network of `inChannels` takes it, `[cropPx, cropPx, inChannels] float32`; one of grey pictures gets it grey as
 * PIL does, normalised by the first mean and deviation.
 *
 * @throws ImageError
 * @throws ClassifierError for a network of other pictures.
 */
export function prepareImage(image: PixelImage, preset: Preset, inChannels: number): Float32Array {
  if (inChannels === 3) return preprocess(image, preset);
  if (inChannels === 1) return preprocessGrey(image, preset);
  const expected = `expected prepared inputs of ${inChannels} channels, got a picture of 3`;
  throw new ClassifierError('BAD_INPUT', `image: ${expected}; pass them to forward()`);
}
