import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { getSpec } from '@residual/resnet/registry';
import { decodeImage } from '@residual/vision/node';
import { readStateDictFile } from '@residual/weights/node';
import { expect, test } from 'vitest';
import { card } from './card.ts';
import { samplePictures } from './sample-pictures.ts';
import { weightsUrl } from './weights-url.ts';

test('the weights are those of the card, half as wide as float32, below 2 MB', async () => {
  const bytes = readFileSync(weightsUrl());
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(card.sha256);
  expect(bytes.length).toBe(card.sizeBytes);
  expect(bytes.length).toBeLessThan(2_000_000);
  const { tensors, metadata } = await readStateDictFile(fileURLToPath(weightsUrl()));
  expect(metadata['model']).toBe(getSpec(card.model).name);
  const sizes = [...tensors].filter(([name]) => /weight$|bias$/.test(name)).map(([, { data }]) => data.length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(card.parameters);
});

test('the card has a curve of all epochs, the test error of the last that of the weights', () => {
  expect(card.curve.map(({ epoch }) => epoch)).toEqual(card.curve.map((_, index) => index + 1));
  expect(card.recipe['epochs']).toBe(card.curve.length);
  // Trained in another precision than they are stored in.
  expect(100 - card.curve.at(-1)!.testError!).toBeCloseTo(card.test.top1, 0);
  expect(card.test.top1).toBeCloseTo((100 * card.test.correct) / card.test.total, 3);
});

test('the README says what the card says', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  for (const text of [card.sha256, `${card.test.correct} of ${card.test.total}`, card.command, `seed ${card.seed}`])
    expect(readme).toContain(text);
});

test('samples are pictures of a few kilobytes', async () => {
  for (const { url, file } of samplePictures()) {
    expect(fileURLToPath(url)).toContain(file);
    expect(statSync(url).size).toBeLessThan(20_000);
    expect((await decodeImage(fileURLToPath(url))).width).toBeGreaterThan(200);
  }
});
