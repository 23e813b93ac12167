import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chainSchedules, constantRate, cosine, linearWarmUp, multiStep, oneCycle, type Schedule } from './schedule.ts';

// Made by tooling/golden/schedules.py.
const golden = JSON.parse(readFileSync(new URL('../golden/schedules.json', import.meta.url), 'utf8')) as Record<
  string,
  number[]
>;

const schedules: Record<string, Schedule> = {
  multiStep: multiStep(0.1, [8, 15]),
  cosine: cosine(0.1, 20, 0.001),
  oneCycle: oneCycle(0.1, 21),
  warmUp: linearWarmUp(cosine(0.1, 15), 5),
};

test.each(Object.keys(golden))("%s is PyTorch's at every step", (name) => {
  for (const [step, rate] of golden[name]!.entries())
    expect(schedules[name]!(step), `step ${step}`).toBeCloseTo(rate, 9);
});

test('a chain counts each part from 0, and refuses half steps', () => {
  const schedule = chainSchedules(
    [
      [2, constantRate(1)],
      [3, (step) => step],
    ],
    constantRate(7),
  );
  expect([0, 1, 2, 3, 4, 5, 9].map(schedule)).toEqual([1, 1, 0, 1, 2, 7, 7]);
  expect(() => chainSchedules([[1.5, constantRate(1)]], constantRate(1))).toThrow(/whole number of steps.*got 1.5/);
});
