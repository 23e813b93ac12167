import { afterEach, expect, test, vi } from 'vitest';
import { giveWay } from './give-way.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

test('what is due has its turn before, also where there is no setImmediate', async () => {
  for (const hasImmediate of [true, false]) {
    if (!hasImmediate) vi.stubGlobal('setImmediate', undefined);
    const done: string[] = [];
    setTimeout(() => done.push('timer'));
    const dueMs = performance.now() + 3;
    while (performance.now() < dueMs);
    if (!hasImmediate) await giveWay();
    await giveWay();
    expect(done).toEqual(['timer']);
  }
});

test('it takes far less than a timer', async () => {
  for (const hasImmediate of [true, false]) {
    if (!hasImmediate) vi.stubGlobal('setImmediate', undefined);
    let turns = 0;
    const timer = setTimeout(() => {
      turns = -Infinity;
    }, 10_000);
    for (; turns < 1000; turns++) await giveWay();
    clearTimeout(timer);
    expect(turns).toBe(1000);
  }
});
