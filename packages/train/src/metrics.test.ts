import { expect, test } from 'vitest';
import { EvaluationCounter } from './metrics.ts';

test('answers are counted by class, by rank and by how sure they are', () => {
  const counter = new EvaluationCounter(6);
  const sure = (index: number) => Float32Array.from({ length: 6 }, (_, i) => (i === index ? 20 : 0));
  counter.add(Float32Array.from([...sure(0), ...sure(1), ...sure(1)]), [0, 1, 2]);
  counter.add(new Float32Array(6), [5]);
  const result = counter.result();
  expect([result.total, result.correct, result.top1]).toEqual([4, 2, 50]);
  // Equal scores are ranked by index: class 2 comes third behind class 1, class 5 sixth.
  expect(result.top5).toBe(75);
  expect(result.confusion[2]).toEqual([0, 1, 0, 0, 0, 0]);
  expect(result.perClass.slice(0, 3)).toEqual([100, 100, 0]);
  expect(result.perClass[3]).toBeNaN();
  expect(result.loss).toBeCloseTo((20 + Math.log(6)) / 4, 5);
  // Three sure answers, of which one is wrong, and one of confidence 1/6 that is wrong.
  expect(result.calibrationError).toBeCloseTo((3 - 2 + 1 / 6) / 4, 5);
});

test('logits that are no numbers are refused', () => {
  const counter = new EvaluationCounter(2);
  expect(() => counter.add(Float32Array.of(Number.NaN, 1), [0])).toThrow(/expected finite logits, got NaN/);
});
