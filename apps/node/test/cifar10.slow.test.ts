import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataPath, requirement } from '@residual/testing';
import { beforeAll, describe, expect, test } from 'vitest';
import { floats } from './fixtures.ts';
import { residual } from './run-command.ts';

const isFull = (process.env['RESIDUAL_REQUIRE'] ?? '').includes('data');
const folder = mkdtempSync(join(tmpdir(), 'residual-cifar10-'));

/** How many of the first `count` torch gets right, by its logits. */
function torchCorrect(name: string, count: number): number {
  const logits = floats(dataPath('reference', `${name}_test_logits_10000x10.f32`));
  const batch = readFileSync(join(folder, 'test_batch.bin'));
  let correct = 0;
  for (let i = 0; i < count; i++) {
    const row = logits.subarray(10 * i, 10 * i + 10);
    if (row.indexOf(Math.max(...row)) === batch[i * 3073]) correct += 1;
  }
  return correct;
}

const add = (sum: number, count: number): number => sum + count;

describe.skipIf(!requirement('data'))('CIFAR-10, against torch 1.13 on the same files', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
    return () => rmSync(folder, { recursive: true });
  });

  const runs = [
    { name: 'resnet20', file: 'resnet20-12fca82f.th', device: 'tfjs-node,tfjs-wasm', limit: 10_000 },
    { name: 'resnet20', file: 'resnet20_torch113_zip.pt', device: 'tfjs-wasm', limit: 800 },
    {
      name: 'resnet56',
      file: 'resnet56-4bfd9763.th',
      device: 'native,tfjs-node,tfjs-wasm',
      limit: isFull ? 10_000 : 800,
    },
  ];
  test.each(runs)(
    'evaluate counts what torch counts: $name, $limit pictures on $device',
    { timeout: 600_000 },
    async ({ name, file, device, limit }) => {
      const weights = dataPath('weights/akamaster', file);
      const flags = ['--data', `cifar10:${folder}`, '--limit', String(limit), '--device', device, '--json'];

      const { exitCode, stdout, said } = await residual(['evaluate', '--model', name, '--weights', weights, ...flags]);

      expect({ exitCode, said }).toEqual({ exitCode: 0, said: ["note: prefix 'module.' taken off the names"] });
      const { correct, total, top1, top5, loss, calibrationError, perClass, confusion } = JSON.parse(stdout);
      expect(total).toBe(limit);
      expect(Math.abs(correct - torchCorrect(name, limit))).toBeLessThanOrEqual(2);
      if (limit === 10_000)
        expect(Math.abs(correct - { resnet20: 9173, resnet56: 9339 }[name]!)).toBeLessThanOrEqual(2);
      expect(top1).toBeCloseTo((100 * correct) / total, 3);
      expect(top5).toBeGreaterThan(99);
      expect(loss).toBeGreaterThan(0.2);
      expect(loss).toBeLessThan(0.4);
      expect(calibrationError).toBeLessThan(0.06);
      expect(perClass).toHaveLength(10);
      expect(confusion.flat().reduce(add)).toBe(total);
      expect(confusion.map((row: number[], label: number) => row[label]).reduce(add)).toBe(correct);
    },
  );
});
