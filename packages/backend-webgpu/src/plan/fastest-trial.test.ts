import { expect, test } from 'vitest';
import { fastestTrial, type Trial } from './fastest-trial.ts';

const rules = { visibleMs: 2, isOver: () => false };

/** A clock that rounds to a tenth of a millisecond, and the noise of each measurement in turn. */
function trial(name: string, ms: number, noise: readonly number[] = [1]): Trial<string> & { repeats: number[] } {
  const repeats: number[] = [];
  return {
    name,
    repeats,
    async timeMs(count) {
      repeats.push(count);
      return Math.round(count * ms * noise[repeats.length % noise.length]! * 10) / 10 / count;
    },
  };
}

test('of runs shorter than the clock’s steps the faster is found, by repeating', async () => {
  const [slow, fast] = [trial('slow', 0.05), trial('fast', 0.04)];
  expect(await fastestTrial([slow, fast], rules)).toBe('fast');
  expect(Math.max(...slow.repeats) * 0.05).toBeGreaterThanOrEqual(2);
  expect(Math.max(...slow.repeats)).toBeLessThan(200);
});

test('one that is lucky once, or faster by less than noise, does not take the default’s place', async () => {
  const lucky = trial('lucky', 1.5, [1, 1, 1, 0.1, 1, 1, 1, 1]);
  expect(await fastestTrial([trial('default', 1), lucky], rules)).toBe('default');
  expect(await fastestTrial([trial('default', 1), trial('equal', 0.99)], rules)).toBe('default');
});

test('one slow moment of the fastest does not hide it', async () => {
  const disturbed = trial('disturbed', 0.5, [1, 1, 1, 1, 9]);
  expect(await fastestTrial([trial('default', 1), disturbed], rules)).toBe('disturbed');
});

test('they take turns after warming up, and the hopeless are left out', async () => {
  const order: string[] = [];
  const noted = (name: string, ms: number): Trial<string> => ({
    name,
    async timeMs() {
      order.push(name);
      return ms;
    },
  });
  expect(await fastestTrial([noted('a', 5), noted('b', 4), noted('c', 40)], rules)).toBe('b');
  expect(order.join('')).toBe(`aabbcc${'ab'.repeat(5)}`);
});

test('where time is over first, nothing is claimed', async () => {
  let left = 6;
  expect(await fastestTrial([trial('a', 5), trial('b', 4)], { ...rules, isOver: () => left-- <= 0 })).toBeUndefined();
});
