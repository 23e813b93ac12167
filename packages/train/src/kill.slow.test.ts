import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../test/train-and-be-killed.mjs');
const KILLS = 20;
/** Of six steps each: more than so many processes come through before they are killed. */
const EPOCHS = 30;

test('killed at random moments, a training ends with the weights and losses of one that was not', async () => {
  const [whole, killed] = (await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'residual-train-'))))) as [
    string,
    string,
  ];
  try {
    expect(await run(whole)).toBe(0);
    // Every fourth is killed at any moment from its start on, the others a moment after one of their first steps.
    for (let kills = 0; kills < KILLS; kills++) {
      const isEarly = kills % 4 === 3;
      const kill = isEarly
        ? { steps: 0, delayMs: Math.random() * 1500 }
        : { steps: 1 + (kills % 4), delayMs: Math.random() * 40 };
      expect(await run(killed, kill)).toBe(null);
    }
    expect(await run(killed)).toBe(0);
    expect(await readFile(join(killed, 'done.json'), 'utf8')).toBe(await readFile(join(whole, 'done.json'), 'utf8'));
    const names = (await readdir(killed)).filter((name) => name !== 'done.json');
    expect(names.every((name) => name.startsWith('step-'))).toBe(true);
  } finally {
    for (const folder of [whole, killed]) await rm(folder, { recursive: true, force: true });
  }
}, 400_000);

/** Runs the script, and kills it so many milliseconds after so many steps; gives its exit code. */
function run(folder: string, kill?: { steps: number; delayMs: number }): Promise<number | null> {
  const child = spawn(process.execPath, [script, folder, `${EPOCHS}`], { stdio: ['ignore', 'pipe', 'inherit'] });
  let left = kill?.steps ?? Number.POSITIVE_INFINITY;
  const check = (): void => {
    if (left <= 0) setTimeout(() => child.kill('SIGKILL'), kill!.delayMs);
  };
  check();
  child.stdout.on('data', (chunk: Buffer) => {
    left -= chunk.toString().split('\n').length - 1;
    check();
  });
  return new Promise((done) => {
    child.on('close', done);
  });
}
