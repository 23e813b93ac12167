import { uniform } from '@residual/testing/deterministic';

/**
 * A batch of pictures as networks get them, NHWC in -2 … 2. They are two, in turn, so that the reference, which is slow,
 * computes two whatever the batch is, and pictures that change places are still seen.
 */
export function makePictures(batch: number, sizePx: number, name = 'picture'): Float32Array {
  const picturePixels = sizePx * sizePx * 3;
  const two = [0, 1].map((index) => Float32Array.from(uniform(`${name} ${index}`, picturePixels), (u) => 4 * u - 2));
  const pictures = new Float32Array(batch * picturePixels);
  for (let index = 0; index < batch; index++) pictures.set(two[index % 2]!, index * picturePixels);
  return pictures;
}

/** The largest difference of logits from the reference's two rows, over the largest of these; NaN where a logit is. */
export function maxDifference(logits: Float32Array, reference: Float32Array): number {
  if (logits.length === 0 || logits.length % (reference.length / 2) !== 0) {
    throw new Error(`expected rows of ${reference.length / 2} logits, got ${logits.length} numbers`);
  }
  let largest = 0;
  for (const value of reference) largest = Math.max(largest, Math.abs(value));
  let difference = 0;
  for (let i = 0; i < logits.length; i++) {
    const distance = Math.abs(logits[i]! - reference[i % reference.length]!);
    if (Number.isNaN(distance)) return distance;
    difference = Math.max(difference, distance);
  }
  return difference / largest;
}
