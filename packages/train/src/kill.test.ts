import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const script = resolve(import.meta.dirname, '../test/train-and-be-killed.mjs');
const KILLS = 20;

test('killed at random moments, a training ends with the weights and losses of one that was not', async () => {
  const [whole, killed] = (await Promise.all([0, 1].map(() => mkdtemp(join(tmpdir(), 'residual-train-'))))) as [
    string,
    string,
  ];
  try {
    const straight = await run(whole, Number.POSITIVE_INFINITY);
    expect(straight.code).toBe(0);
    let kills = 0;
    // Each run goes on from a checkpoint at most a few steps old, so that it is killed somewhere new.
    for (; kills < KILLS; kills++) {
      const steps = kills % 3;
      await run(killed, steps, Math.random() * 40);
      if (existsSync(join(killed, 'done.json'))) break;
    }
    expect(kills).toBeGreaterThan(4);
    if (!existsSync(join(killed, 'done.json'))) expect((await run(killed, Number.POSITIVE_INFINITY)).code).toBe(0);
    expect(await readFile(join(killed, 'done.json'), 'utf8')).toBe(await readFile(join(whole, 'done.json'), 'utf8'));
    const names = (await readdir(killed)).filter((name) => name !== 'done.json');
    expect(names.every((name) => name.startsWith('step-'))).toBe(true);
  } finally {
    for (const folder of [whole, killed]) await rm(folder, { recursive: true, force: true });
  }
}, 400_000);

/** Runs the script, and kills it so many milliseconds after so many steps. */
function run(folder: string, steps: number, delayMs = 0): Promise<{ code: number | null }> {
  const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let seen = 0;
  const killSoon = (): void => {
    setTimeout(() => child.kill('SIGKILL'), delayMs);
  };
  child.stdout.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('\n').length - 1;
    if (seen > steps) killSoon();
  });
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code }));
  });
}
