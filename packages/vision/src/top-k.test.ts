import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cifar10Classes } from './cifar10.ts';
import { imagenetClasses } from './imagenet.ts';
import { ScoresError } from './scores-error.ts';
import { softmax, topK } from './top-k.ts';

test('the highest scores come first, and equal ones by index', () => {
  expect(topK([0.1, 0.5, 0.5, 0.2], 3, ['a', 'b', 'c', 'd'])).toEqual([
    { index: 1, label: 'b', score: 0.5 },
    { index: 2, label: 'c', score: 0.5 },
    { index: 3, label: 'd', score: 0.2 },
  ]);
  expect(topK([1, 2], 2)).toStrictEqual([
    { index: 1, label: undefined, score: 2 },
    { index: 0, label: undefined, score: 1 },
  ]);
  const infinite = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  expect(topK(infinite, 3).map(({ index }) => index)).toEqual([1, 0, 2]);
});

test('softmax holds for logits of any size', () => {
  expect(Array.from(softmax([1000, 1000]))).toEqual([0.5, 0.5]);
  expect(Array.from(softmax([0, Number.NEGATIVE_INFINITY]))).toEqual([1, 0]);
  const thirds = softmax(Float32Array.of(Math.log(1), Math.log(2), Math.log(3)));
  expect(thirds[2]).toBeCloseTo(0.5, 7);
  const logits = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(logits, (values) => {
      expect(softmax(values).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
    }),
  );
});

test('scores without an order are refused in one line', () => {
  expect(() => topK([0, Number.NaN], 1)).toThrow('score 1 of 2: expected a number, got NaN');
  expect(() => softmax([Number.NaN])).toThrow(ScoresError);
  expect(() => softmax([])).toThrow('at least one logit');
  expect(() => softmax([Number.POSITIVE_INFINITY, 0])).toThrow(ScoresError);
  expect(() => softmax([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY])).toThrow('expected finite logits');
  expect(() => topK([1, 2], 0)).toThrow('expected k from 1 to 2 (the number of scores), got 0');
  expect(() => topK([1, 2], 1.5)).toThrow('expected k from 1 to 2 (the number of scores), got 1.5');
  expect(() => topK([1, 2, Number.NaN], 1)).toThrow('score 2 of 3');
  expect(() => topK([1, 2], 5)).toThrow('expected k from 1 to 2 (the number of scores), got 5');
  expect(() => topK([1, 2], 1, ['one'])).toThrow('expected 2 labels, one per score, got 1');
});

test('ImageNet’s thousand names and CIFAR-10’s ten are all different and in order', () => {
  expect(new Set(imagenetClasses).size).toBe(1000);
  expect([imagenetClasses[0], imagenetClasses[207], imagenetClasses[999]]).toEqual([
    'tench',
    'Golden Retriever',
    'toilet paper',
  ]);
  expect([new Set(cifar10Classes).size, cifar10Classes[3]]).toEqual([10, 'cat']);
});
