import type { Graph } from '@residual/compile';
import { requirement } from '@residual/testing';
import { provideWebgpu, webgpuDrivers } from '@residual/testing/dawn';
import { imagenet1kV1, type PixelImage, type Preset, preprocess } from '@residual/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PictureInput } from './runtime/picture-input.ts';
import { type WebgpuExecutable, webgpu } from './webgpu-engine.ts';

const preset: Preset = { ...imagenet1kV1, resizePx: 28, cropPx: 24 };
const sizes = [
  [97, 61],
  [40, 133],
  [17, 19],
] as const;

/** Of a batch, with every sign turned. */
const graph: Graph = {
  values: [
    { shape: [3, 24, 24, 3], dtype: 'float32' },
    { shape: [3, 24, 24, 3], dtype: 'float32' },
  ],
  nodes: [{ op: 'Neg', inputs: [0], outputs: [1], attributes: {} }],
  inputs: [{ name: 'image', role: 'data', value: 0 }],
  outputs: [{ name: 'y', value: 1 }],
  constants: new Map(),
};

describe.each(webgpuDrivers)('pictures on $driver', ({ driver, needs }) => {
  describe.skipIf(!requirement(needs))('', () => {
    let device: GPUDevice;
    let executable: WebgpuExecutable;
    beforeAll(async () => {
      const gpu = await provideWebgpu(driver);
      device = await (await gpu.requestAdapter())!.requestDevice();
      executable = await webgpu({ device, check: false }).compile(graph, new Map());
    });
    afterAll(async () => {
      await executable?.dispose();
      device?.destroy();
    });

    test('a batch of several sizes has the CPU’s numbers to the bit, batch after batch and two at a time', async () => {
      const batches = [0, 1, 2].map((batch) =>
        sizes.map(([width, height], place) => noise(width, height, 3 * batch + place)),
      );
      const turned = [batches[0]!, [...batches[1]!].reverse(), batches[2]!];
      const answers = await Promise.all(turned.map((batch) => executable.runPictures(batch, preset)));
      for (const [index, { y }] of answers.entries()) expect(y).toEqual(expected(turned[index]!));
    });

    test('one that is too large for the device is prepared on the CPU', async () => {
      const batch = [noise(17, 19, 1), picture(7000, 7000), noise(20, 9, 3)];
      expect(3 * 7000 * 7000).toBeGreaterThan(device.limits.maxStorageBufferBindingSize);
      expect((await executable.runPictures(batch, preset))['y']).toEqual(expected(batch));
    });

    test('one input serves two networks of a device in turn', async () => {
      const other = await webgpu({ device, check: false }).compile(graph, new Map());
      const input = new PictureInput(preset);
      const batches = [0, 1].map((batch) =>
        sizes.map(([width, height], place) => noise(width, height, 3 * batch + place)),
      );
      for (const batch of batches) {
        for (const one of [executable, other])
          expect((await one.runOn({ image: input.of(batch) }))['y']).toEqual(expected(batch));
      }
      input.dispose();
      await other.dispose();
    });

    test('a picture with too few bytes, and one that is not RGB, are refused', async () => {
      const whole = noise(17, 19, 1);
      const short: PixelImage = { ...whole, data: whole.data.subarray(3) };
      await expect(executable.runPictures([whole, whole, short], preset)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message:
          'picture: expected RGB, three bytes a pixel, got 3 channels and 966 bytes for 17 × 19 pixels; convert it',
      });
      const grey = { width: 2, height: 2, channels: 1, data: new Uint8Array(4) } as unknown as PixelImage;
      await expect(executable.runPictures([whole, whole, grey], preset)).rejects.toThrow('got 1 channels and 4 bytes');
      expect((await executable.runPictures([whole, whole, whole], preset))['y']).toEqual(
        expected([whole, whole, whole]),
      );
    });

    test('another number of pictures is refused', async () => {
      await expect(executable.runPictures([noise(9, 9, 1)], preset)).rejects.toMatchObject({
        code: 'BAD_INPUT',
        message: 'picture: expected pictures for a batch of 3, got 1; trace a batch of 1',
      });
    });
  });
});

function expected(batch: readonly PixelImage[]): Float32Array {
  return Float32Array.from(batch.flatMap((picture) => [...preprocess(picture, preset)].map((value) => -value)));
}

function noise(width: number, height: number, seed: number): PixelImage {
  const image = picture(width, height);
  for (let i = 0; i < image.data.length; i++) image.data[i] = Math.imul(i + seed, 0x9e3779b9) >>> 17;
  return image;
}

function picture(width: number, height: number): PixelImage {
  return { width, height, channels: 3, data: new Uint8Array(width * height * 3) };
}
