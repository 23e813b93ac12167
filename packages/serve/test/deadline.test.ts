import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { withDeadline } from '../src/deadline.ts';

test('what listens to a request’s signal is gone after the request', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const held: WeakRef<object>[] = [];
  const { signal } = new AbortController();
  for (let count = 0; count < 20; count++)
    await withDeadline({ signal, deadlineMs: performance.now() + 60_000 }, async (own) => {
      const input = new Float32Array(1000);
      held.push(new WeakRef(input));
      own.addEventListener('abort', () => input.fill(0));
    });
  await sleep(10);
  collect();
  expect(held.filter((reference) => reference.deref() !== undefined).length).toBeLessThan(2);
});

test('work ends with the client’s signal, and at its deadline', async () => {
  const client = new AbortController();
  const until = (own: AbortSignal): Promise<never> =>
    new Promise((_, reject) => own.addEventListener('abort', () => reject(own.reason)));
  const late = withDeadline({ signal: client.signal, deadlineMs: performance.now() + 5 }, until);
  await expect(late).rejects.toMatchObject({ status: 504 });
  const left = withDeadline({ signal: client.signal, deadlineMs: performance.now() + 60_000 }, until);
  client.abort(new Error('left'));
  await expect(left).rejects.toThrow('left');
});
