import { spawnSync } from 'node:child_process';
import { backendContract, requirement } from '@residual/testing';
import { getBackend } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { tfjsNode } from './tfjs-node.ts';
import { TfjsNodeError } from './tfjs-node-error.ts';

describe.skipIf(!requirement('tfjs-node'))('tfjs-node', () => {
  backendContract('tfjs-node', () => tfjsNode().use(), { gradients: true, groupedConvolution: true });

  test('says what it runs on', async () => {
    expect(await tfjsNode().isAvailable()).toEqual({ available: true });
    const { name, version, runsOn } = await tfjsNode().use();
    expect({ name, version }).toEqual({ name: 'tfjs-node', version: '4.22.0' });
    expect(runsOn).toMatch(/^libtensorflow 2\.\d+\.\d+$/);
    expect(getBackend()).toBe('tensorflow');
  });

  test('threads are set once: another number later is refused, not ignored', async () => {
    await tfjsNode().use();
    const { available, reason } = await tfjsNode({ threads: 7 }).isAvailable();
    expect({ available, reason }).toEqual({
      available: false,
      reason: 'threads: expected as many as there are cores, got 7; they are set once, before TensorFlow loads',
    });
    await expect(tfjsNode({ threads: 7 }).use()).rejects.toSatisfy(TfjsNodeError.isInstance);
    await expect(tfjsNode({ threads: 0 }).use()).rejects.toThrow('expected a whole number of at least 1, got 0');
  });

  test('as built it prints nothing: neither a banner nor deprecation warnings', () => {
    const program = `
      import { tfjsNode } from '@residual/backend-node';
      import * as tf from '@tensorflow/tfjs-core';
      await tfjsNode({ threads: 1 }).use();
      const y = tf.conv2d(tf.ones([1, 4, 4, 1]), tf.ones([3, 3, 1, 1]), 1, 'same');
      if ((await y.data())[5] !== 9) throw new Error('wrong');`;
    const args = ['--input-type=module', '-e', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});
