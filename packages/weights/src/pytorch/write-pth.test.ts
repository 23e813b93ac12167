import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HostTensor } from '@residual/blocks';
import { requirement } from '@residual/testing';
import { expect, test } from 'vitest';
import { readStateDict, writePth } from '../index.ts';
import { writeFileAtomic } from '../node.ts';

const dict = new Map<string, HostTensor>([
  ['conv1.weight', { shape: [2, 3, 1, 1], data: Float32Array.of(0.5, -1, 2, 4, 8, -16) }],
  ['bn1.weight', { shape: [2], data: Float32Array.of(1, 2) }],
  ['bn1.bias', { shape: [2], data: Float32Array.of(3, 4) }],
  ['bn1.running_mean', { shape: [2], data: Float32Array.of(5, 6) }],
  ['bn1.running_var', { shape: [2], data: Float32Array.of(7, 8) }],
  ['bn1.num_batches_tracked', { shape: [], data: BigInt64Array.of(9n) }],
]);

test('what is written is read back, stored at multiples of 64 bytes', async () => {
  const bytes = writePth(dict);
  const { tensors, format } = await readStateDict(bytes);
  expect(format).toBe('pytorch-zip');
  expect([...tensors]).toEqual([...dict]);
  expect([...tensors.values()].map(({ data }) => data.byteOffset % 64)).toEqual([0, 0, 0, 0, 0, 0]);
});

test.skipIf(!requirement('python'))('torch.load and load_state_dict(strict=True) take it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'residual-pth-'));
  try {
    const path = join(folder, 'w.pth');
    await writeFileAtomic(path, writePth(dict));
    const script = `
import sys, torch, zipfile
from collections import OrderedDict
from torch import nn
dict_ = torch.load(sys.argv[1])
assert zipfile.ZipFile(sys.argv[1]).testzip() is None
torch.load(sys.argv[1], weights_only=True)
net = nn.Sequential(OrderedDict([('conv1', nn.Conv2d(3, 2, 1, bias=False)), ('bn1', nn.BatchNorm2d(2))]))
print(net.load_state_dict(dict_, strict=True), net.conv1.weight.reshape(-1).tolist(), net.bn1.running_var.tolist(), net.bn1.num_batches_tracked.item())`;
    const { OPENBLAS_CORETYPE: _, ...env } = process.env;
    const run = spawnSync('/usr/bin/python3', ['-c', script, path], { encoding: 'utf8', env });
    expect(run.stderr).toBe('');
    expect(run.stdout).toBe('<All keys matched successfully> [0.5, -1.0, 2.0, 4.0, 8.0, -16.0] [7.0, 8.0] 9\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
