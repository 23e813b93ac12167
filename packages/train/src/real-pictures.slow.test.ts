import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { fromTorch, torchShape } from '@residual/blocks';
import { tfjs } from '@residual/compile';
import { dataPath, deterministicTensor, expectClose, requirement } from '@residual/testing';
import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { inBrowser } from '../test/in-browser.ts';
import { type Pictures, pictureNet, type Trained, trainOnPictures } from '../test/real-pictures.mjs';
import { readCifar10 } from './node/cifar.ts';

interface Golden {
  readonly batchSize: number;
  readonly learningRate: number;
  readonly losses: number[];
  /** Shapes, in the order of the file. */
  readonly gradients: Record<string, number[]>;
}

// Made by tooling/golden/real_pictures.py.
const golden: Golden = JSON.parse(readFileSync(new URL('../golden/real-pictures.json', import.meta.url), 'utf8'));
const bytes = readFileSync(new URL('../golden/real-pictures.f32', import.meta.url));
const gradients = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));

describe.skipIf(!requirement('data'))(
  'trained on 512 pictures of CIFAR-10, losses and gradients are those of PyTorch',
  () => {
    let pictures: Pictures;

    beforeAll(async () => {
      await tf.setBackend('cpu');
      pictures = { ...(await firstPictures(512)), weights: weights(), ...golden };
    }, 60_000);

    const expectSame = ({ losses, gradients: got }: Trained): void => {
      expectClose(losses, golden.losses, 1e-3, 'losses');
      expect(Object.keys(got).sort()).toEqual(Object.keys(golden.gradients).sort());
      let start = 0;
      for (const [name, shape] of Object.entries(golden.gradients)) {
        const end = start + shape.reduce((product, size) => product * size, 1);
        expectClose(got[name]!, gradients.subarray(start, end), 1e-4, name);
        start = end;
      }
    };

    test("tfjs's CPU backend, eagerly", async () => {
      expectSame(await trainOnPictures(pictures));
    }, 300_000);

    test.skipIf(!requirement('native'))('engine native', async () => {
      expectSame(await trainOnPictures(pictures, native()));
    });

    describe.skipIf(!requirement('tfjs-node'))('tfjs-node', () => {
      beforeAll(() => tfjsNode().use());

      test.each([
        ['eagerly', () => undefined],
        ['engine tfjs', tfjs],
        ['engine tensorflow', tensorflow],
      ])('%s', async (_, engine) => {
        expectSame(await trainOnPictures(pictures, engine()));
      });
    });

    test.skipIf(!requirement('webgpu')).each(['eagerly', 'tfjs'])(
      'WebGPU, %s',
      { timeout: 900_000 },
      async (engine) => {
        const pixels = Buffer.from(pictures.pixels).toString('base64');
        expectSame(await inBrowser<Trained>('trainPicturesOnWebgpu', { ...pictures, pixels, engine }));
      },
    );
  },
);

async function firstPictures(count: number): Promise<Pick<Pictures, 'pixels' | 'labels'>> {
  const folder = mkdtempSync(join(tmpdir(), 'residual-pictures-'));
  try {
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
    const data = await readCifar10(folder, 'train');
    const examples = await Promise.all(Array.from({ length: count }, (_, index) => data.read(index)));
    return {
      pixels: Uint8Array.from(examples.flatMap(({ image }) => [...image.data])),
      labels: examples.map(({ label }) => label),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The weights that the PyTorch script uses, made from their names alone. */
function weights(): Record<string, number[]> {
  const values: Record<string, number[]> = {};
  tf.tidy(() => {
    pictureNet((path, { layout, shape }) => {
      const torch = torchShape(layout, shape);
      values[path] = [...fromTorch(layout, { shape: torch, data: deterministicTensor(path, torch) })];
      return tf.zeros([...shape]);
    });
  });
  return values;
}
