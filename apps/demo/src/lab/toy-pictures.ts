import type { DataSet } from '@residual/train';
import { type Random, seededRandom } from '@residual/vision';

export const SIZE_PX = 16;

/** Whether a point, of −1 to 1 from the middle of the figure, is of the figure. */
type Figure = (x: number, y: number) => boolean;

const figures: Readonly<Record<string, Figure>> = {
  disc: (x, y) => Math.hypot(x, y) < 0.9,
  ring: (x, y) => Math.abs(Math.hypot(x, y) - 0.7) < 0.25,
  square: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.8,
  frame: (x, y) => Math.abs(Math.max(Math.abs(x), Math.abs(y)) - 0.65) < 0.25,
  triangle: (x, y) => y < 0.8 && 2 * Math.abs(x) < y + 0.9,
  cross: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.95 && Math.abs(Math.abs(x) - Math.abs(y)) < 0.3,
  plus: (x, y) => Math.max(Math.abs(x), Math.abs(y)) < 0.95 && Math.min(Math.abs(x), Math.abs(y)) < 0.25,
  'lying stripes': (_, y) => Math.floor((y + 4) * 2) % 2 === 0,
  'standing stripes': (x) => Math.floor((x + 4) * 2) % 2 === 0,
  checkerboard: (x, y) => (Math.floor((x + 4) * 2) + Math.floor((y + 4) * 2)) % 2 === 0,
};

/**
 * Ten figures of any colour, size, place and tilt, on any ground, in noise: pictures that are made as they are asked for,
 * the same for the same seed and index.
 */
export function toyPictures(size: number, seed: number): DataSet {
  const classes = Object.keys(figures);
  return {
    size,
    classes,
    read(index) {
      const label = index % classes.length;
      return { image: draw(figures[classes[label]!]!, seededRandom(seed, index)), label };
    },
  };
}

function draw(figure: Figure, random: Random): Awaited<ReturnType<DataSet['read']>>['image'] {
  const data = new Uint8Array(3 * SIZE_PX * SIZE_PX);
  const [ink, ground] = [colour(random), colour(random)];
  const radiusPx = SIZE_PX * (0.28 + 0.15 * random());
  const [centreX, centreY] = [random, random].map((next) => SIZE_PX * (0.4 + 0.2 * next())) as [number, number];
  const tilt = 0.5 * (random() - 0.5);
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  for (let pixel = 0; pixel < SIZE_PX * SIZE_PX; pixel++) {
    const dx = ((pixel % SIZE_PX) - centreX) / radiusPx;
    const dy = (Math.floor(pixel / SIZE_PX) - centreY) / radiusPx;
    const isInk = figure(dx * cos - dy * sin, dx * sin + dy * cos);
    for (let channel = 0; channel < 3; channel++) {
      const value = (isInk ? ink : ground)[channel]! + 90 * (random() - 0.5);
      data[3 * pixel + channel] = Math.max(0, Math.min(255, value));
    }
  }
  return { width: SIZE_PX, height: SIZE_PX, channels: 3, data };
}

function colour(random: Random): readonly number[] {
  return [random, random, random].map((next) => 255 * next());
}
