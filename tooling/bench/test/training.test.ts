import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LineProcess } from '../src/training/line-process.ts';
import { startTrainer, trainerNames } from '../src/training/trainers.ts';

const options = { folder: join(tmpdir(), 'no-such-folder'), threads: 1, python: 'python3' };

test('a process answers line by line, and its end is an error with its last words', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'residual-lines-'));
  const script = join(folder, 'echo.mjs');
  writeFileSync(
    script,
    `process.stdin.on('data', (line) => {
      if (JSON.parse(line).end) throw new Error('enough');
      process.stdout.write(line);
    });`,
  );
  const echo = new LineProcess('echo', process.execPath, [script]);
  try {
    expect(await echo.answer({ steps: 3 })).toEqual({ steps: 3 });
    await expect(echo.answer({ end: true })).rejects.toThrow(/^echo: expected an answer, got its end: /);
  } finally {
    await echo.stop();
    rmSync(folder, { recursive: true });
  }
});

test('who cannot train says why; a name that there is not is refused', async () => {
  expect(() => startTrainer('jax', options)).toThrow(
    `--trainers: expected some of ${trainerNames().join(', ')}, got 'jax'`,
  );
  const absent = startTrainer('pytorch-0', { ...options, python: 'no-such-python' });
  await expect(absent.answer()).rejects.toThrow(/pytorch-0: expected an answer, got its end: .*ENOENT/);
  await absent.stop();
});
