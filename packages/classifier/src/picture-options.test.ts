import '@tensorflow/tfjs-backend-cpu';
import { randomVars } from '@residual/blocks';
import { cifarResNet, cifarResNetSpec } from '@residual/resnet';
import { cifar, type ImageNote } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { beforeAll, expect, test } from 'vitest';
import type { Classifier } from './classifier.ts';
import { type CreateClassifierOptions, createClassifier } from './create-classifier.ts';
import { type PictureOptions, pictureOptionsOf } from './picture-options.ts';
import type { ImageInput } from './read-image.ts';

/** A photograph of 12 × 8 pixels that a telephone stored on its side, and the same upright. */
let turned: Buffer;
let upright: Buffer;

beforeAll(async () => {
  await tf.setBackend('cpu');
  const pixels = Uint8Array.from({ length: 12 * 8 * 3 }, (_, i) => (i * 5) % 256);
  const stored = sharp(pixels, { raw: { width: 12, height: 8, channels: 3 } });
  const options = { quality: 100, chromaSubsampling: '4:4:4' } as const;
  turned = await stored.clone().withMetadata({ orientation: 6 }).jpeg(options).toBuffer();
  upright = await sharp(turned).autoOrient().png().toBuffer();
});

async function classifierOf(options: PictureOptions = {}): Promise<Classifier> {
  const model = cifarResNet(8, { vars: randomVars({ seed: 1 }) });
  const weights = await model.stateDict();
  model.dispose();
  const preset = { ...cifar, resizePx: 8, cropPx: 8 };
  return createClassifier({ model: cifarResNetSpec(8), weights, preset, ...options } satisfies CreateClassifierOptions);
}

test('the options that are there are taken from among others, and no others', () => {
  const onNote = () => {};
  const given = { orient: false, maxPixels: 1, grey16: 'clip', onNote } as const;
  const others = { topK: 3, weights: 'w' };
  expect(pictureOptionsOf({ ...given, ...others })).toStrictEqual(given);
  expect(pictureOptionsOf({ grey16: undefined, ...others })).toStrictEqual({});
  expect(pictureOptionsOf({ grey16: 'high-byte' })).toStrictEqual({ grey16: 'high-byte' });
});

test('a value that an option can’t have is refused', () => {
  const refuse = (options: object) => expect(() => pictureOptionsOf(options));
  refuse({ orient: 1 }).toThrow('orient: expected true or false, got 1');
  refuse({ maxPixels: 0.5 }).toThrow('maxPixels: expected a number of pixels from 1, got 0.5');
  refuse({ maxPixels: Number.NaN }).toThrow('maxPixels: expected a number of pixels from 1, got NaN');
  refuse({ grey16: 'x'.repeat(200) }).toThrow(/^grey16: expected clip or high-byte, got x{80}$/);
  refuse({ onNote: {} }).toThrow('onNote: expected a function');
});

test('a classifier turns pictures upright where it is asked to, for good or for one call', async () => {
  const asStored = await classifierOf();
  const orienting = await classifierOf({ orient: true });
  const expected = await asStored.embed(upright);
  expect(await asStored.embed(turned)).not.toEqual(expected);
  expect(await orienting.embed(turned)).toEqual(expected);
  expect(await asStored.embed(turned, { orient: true })).toEqual(expected);
  expect(await orienting.embed(turned, { orient: false })).toEqual(await asStored.embed(turned));
  expect((await orienting.logits([turned]))[0]).toEqual((await asStored.logits([upright]))[0]);
  const explained = await orienting.explain(turned, { method: 'occlusion', target: 3 });
  expect(explained.crop.data).toEqual((await asStored.explain(upright, { method: 'occlusion', target: 3 })).crop.data);
  await Promise.all([asStored.dispose(), orienting.dispose()]);
});

test('an orientation that is not applied is told, once for each picture', async () => {
  const told: [ImageNote['code'], ImageInput][] = [];
  const classifier = await classifierOf({ onNote: ({ code }, image) => told.push([code, image]) });
  const other = Buffer.from(turned);
  await classifier.classify([turned, upright, other]);
  expect(told.sort(([, a], [, b]) => Number(a === other) - Number(b === other))).toEqual([
    ['ORIENTATION_NOT_APPLIED', turned],
    ['ORIENTATION_NOT_APPLIED', other],
  ]);
  told.length = 0;
  await classifier.classify(turned, { orient: true });
  expect(told).toEqual([]);
  const elsewhere: string[] = [];
  await classifier.embed(turned, { onNote: ({ text }) => elsewhere.push(text) });
  expect([elsewhere.length, told]).toEqual([1, []]);
  await classifier.dispose();
});

test('a picture of more than maxPixels is refused', async () => {
  const classifier = await classifierOf({ maxPixels: 95 });
  await expect(classifier.classify(upright)).rejects.toThrow('expected at most 95 pixels, got 8 × 12 = 96 pixels');
  expect(await classifier.classify(upright, { topK: 1, maxPixels: 96 })).toHaveLength(1);
  await classifier.dispose();
});

test('16-bit grey is cut off as PIL does it, or keeps its high byte', async () => {
  const grey = Uint16Array.from({ length: 64 }, (_, i) => i * 1024);
  const png = await sharp(grey, { raw: { width: 8, height: 8, channels: 1 } })
    .toColourspace('grey16')
    .png()
    .toBuffer();
  const told: string[] = [];
  const classifier = await classifierOf({ grey16: 'high-byte', onNote: ({ code }) => told.push(code) });
  const kept = await classifier.explain(png, { method: 'occlusion', target: 3 });
  expect(Array.from(kept.crop.data.filter((_, i) => i % 3 === 0))).toEqual(Array.from(grey, (value) => value >> 8));
  expect(told).toEqual([]);
  const cut = await classifier.explain(png, { method: 'occlusion', target: 3, grey16: 'clip' });
  expect(cut.crop.data.filter((_, i) => i % 3 === 0)).toEqual(cut.crop.data.slice(0, 64).fill(255).fill(0, 0, 1));
  expect(told).toEqual(['GREY_CLIPPED']);
  await classifier.dispose();
});

test('values that are none are refused by name', async () => {
  const refuse = async (options: object, message: string) => expect(classifierOf(options)).rejects.toThrow(message);
  await refuse({ orient: 'yes' }, 'orient: expected true or false, got yes');
  await refuse({ maxPixels: 0 }, 'maxPixels: expected a number of pixels from 1, got 0');
  await refuse({ grey16: 'white' }, 'grey16: expected clip or high-byte, got white');
  await refuse({ onNote: 'log' }, 'onNote: expected a function, got log');
});
