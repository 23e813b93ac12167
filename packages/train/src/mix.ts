import { type Random, randomInt } from '@residual/vision';
import type { Batch } from './step-runner.ts';

export interface MixOptions {
  /** α of mixup's Beta(α, α); 0 (default) leaves it out. */
  readonly mixup?: number;
  /** α of cutmix's; 0 (default) leaves it out. With both, each batch takes one or the other. */
  readonly cutmix?: number;
}

/**
 * Mixes each picture and its target with another of the batch, all by the same share.
 *
 * @see Zhang et al. 2017, arXiv:1710.09412; Yun et al. 2019, arXiv:1905.04899; torchvision `RandomMixup`, `RandomCutmix`
 */
export function mixBatch(
  batch: Batch,
  shape: readonly [number, number, number, number],
  options: MixOptions,
  random: Random,
): Batch {
  const { mixup = 0, cutmix = 0 } = options;
  if (mixup === 0 && cutmix === 0) return batch;
  const usesCutmix = cutmix > 0 && (mixup === 0 || random() < 0.5);
  const share = betaVariate(usesCutmix ? cutmix : mixup, random);
  const partners = shuffled(shape[0], random);
  if (usesCutmix) return cutInto(batch, shape, partners, share, random);
  return { images: blend(batch.images, partners, share), targets: blend(batch.targets, partners, share) };
}

/** 0 … count − 1 in random order. @see Fisher & Yates, by Durstenfeld 1964 */
export function shuffled(count: number, random: Random): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = randomInt(random, last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

function cutInto(
  { images, targets }: Batch,
  [count, height, width, channels]: readonly [number, number, number, number],
  partners: Uint32Array,
  share: number,
  random: Random,
): Batch {
  const [centreX, centreY] = [randomInt(random, width), randomInt(random, height)];
  const half = Math.sqrt(1 - share) / 2;
  const left = Math.max(0, Math.trunc(centreX - half * width));
  const right = Math.min(width, Math.trunc(centreX + half * width));
  const top = Math.max(0, Math.trunc(centreY - half * height));
  const bottom = Math.min(height, Math.trunc(centreY + half * height));
  const mixed = images.slice();
  for (let index = 0; index < count; index++) {
    for (let y = top; y < bottom; y++) {
      const at = (row: number): number => ((row * height + y) * width + left) * channels;
      const from = at(partners[index]!);
      mixed.set(images.subarray(from, from + (right - left) * channels), at(index));
    }
  }
  const kept = 1 - ((right - left) * (bottom - top)) / (width * height);
  return { images: mixed, targets: blend(targets, partners, kept) };
}

function blend(values: Float32Array, partners: Uint32Array, share: number): Float32Array {
  const size = values.length / partners.length;
  const mixed = new Float32Array(values.length);
  for (let row = 0; row < partners.length; row++) {
    const other = partners[row]! * size;
    for (let i = 0; i < size; i++)
      mixed[row * size + i] = share * values[row * size + i]! + (1 - share) * values[other + i]!;
  }
  return mixed;
}

/** Of Beta(α, α), by two gammas. @see Marsaglia & Tsang 2000 */
function betaVariate(alpha: number, random: Random): number {
  const [a, b] = [gammaVariate(alpha, random), gammaVariate(alpha, random)];
  return a + b === 0 ? Number(random() < 0.5) : a / (a + b);
}

function gammaVariate(alpha: number, random: Random): number {
  if (alpha < 1) return gammaVariate(alpha + 1, random) * (1 - random()) ** (1 / alpha);
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * normal ** 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}
