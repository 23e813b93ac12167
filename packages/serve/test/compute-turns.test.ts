import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ComputeTurns } from '../src/batching/compute-turns.ts';

/** Batches of one model: each takes its time, and says when it began. */
function contender(name: string, batches: number, ms: number, said: string[]) {
  let left = batches;
  return {
    get isReady() {
      return left > 0;
    },
    get isFull() {
      return left > 0;
    },
    async compute() {
      left--;
      said.push(name);
      await sleep(ms);
    },
  };
}

test('models take turns by the time that they have had, and one batch is ready while another computes', async () => {
  const said: string[] = [];
  const turns = new ComputeTurns();
  const [slow, quick] = [contender('slow', 4, 60, said), contender('quick', 8, 20, said)];
  turns.add(slow);
  turns.add(quick);
  turns.wake();
  expect(said).toHaveLength(2);
  await expect.poll(() => said.length).toBe(12);
  // The quick one does not wait for the slow one's last batch.
  expect(said.lastIndexOf('quick')).toBeGreaterThan(said.indexOf('slow', said.indexOf('slow') + 1));
  expect(said.slice(0, 8).filter((name) => name === 'quick').length).toBeGreaterThanOrEqual(4);
});
