import { requirement } from '@residual/testing';
import { bundleScript, openScriptedPage } from '@residual/testing/scripted-page';
import type * as vision from '@residual/vision';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { webgpu } from '../webgpu-engine.ts';
import type { FollowedFrame, followVideo } from './follow-video.ts';
import type { PictureInput } from './picture-input.ts';

declare const bundled: {
  followVideo: typeof followVideo;
  PictureInput: typeof PictureInput;
  vision: typeof vision;
  webgpu: typeof webgpu;
};

interface Followed {
  /** Of frames in the order of their answers, in microseconds. */
  readonly timestamps: readonly number[];
  readonly mostInFlight: number;
  readonly imported: number;
  readonly copied: number;
  readonly framesPerSecond: number;
  /** From what the CPU makes of the same frame, on average, in levels of 255. */
  readonly difference: number;
}

describe.skipIf(!requirement('webgpu'))('video on the GPU', { timeout: 300_000 }, () => {
  let opened: Awaited<ReturnType<typeof openScriptedPage>>;
  beforeAll(async () => {
    const source = `export { followVideo, PictureInput } from './index.ts';
export { webgpu } from '../webgpu-engine.ts';
export * as vision from '@residual/vision';`;
    const code = await bundleScript(import.meta.dirname, source);
    opened = await openScriptedPage(code, { webgpu: true, camera: true });
  }, 120_000);
  afterAll(() => opened?.close());

  test.each(['camera', 'file'])(
    'a %s’s frames are read where they are, two at a time, the newest first',
    async (kind) => {
      const followed = await opened.page.evaluate(follow, kind, 'nothing');
      expect(followed).toMatchObject({ mostInFlight: 2, copied: 0 });
      expect(followed.timestamps.length).toBeGreaterThan(4);
      // A file begins anew, and its frames go on.
      const backwards = followed.timestamps.filter((time, i, all) => i > 0 && time <= all[i - 1]!);
      expect(backwards).toHaveLength(kind === 'camera' ? 0 : 1);
      expect(followed.imported).toBeGreaterThanOrEqual(followed.timestamps.length);
      expect(followed.framesPerSecond).toBeGreaterThan(0);
      // A camera's primaries are made sRGB's by the GPU; the CPU takes them as they are.
      expect(followed.difference).toBeLessThan(kind === 'camera' ? 16 : 4);
    },
  );

  test('where the browser has no VideoFrame, frames come as bitmaps', async () => {
    const followed = await opened.page.evaluate(follow, 'file', 'VideoFrame');
    expect(followed).toMatchObject({ mostInFlight: 2, imported: 0 });
    expect(followed.copied).toBeGreaterThanOrEqual(followed.timestamps.length);
    expect(followed.difference).toBeLessThan(4);
  });

  test('where the driver cannot import frames, they are copied on the device', async () => {
    const followed = await opened.page.evaluate(follow, 'camera', 'importing');
    expect(followed).toMatchObject({ mostInFlight: 2, imported: 0 });
    expect(followed.copied).toBeGreaterThanOrEqual(followed.timestamps.length);
    expect(followed.difference).toBeLessThan(16);
  });
});

/** On the page. */
async function follow(kind: string, lacks: string): Promise<Followed> {
  const { followVideo, PictureInput, vision, webgpu } = bundled;
  const video = document.createElement('video');
  video.muted = true;
  if (kind === 'camera') {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240 } });
  } else {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [160, 120];
    const context = canvas.getContext('2d')!;
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm' });
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.start();
    for (let i = 0; i < 40; i++) {
      context.fillStyle = `hsl(${9 * i} 70% 50%)`;
      context.fillRect(0, 0, 160, 120);
      context.fillStyle = 'white';
      context.fillRect(4 * i, 0, 40, 120);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
    recorder.stop();
    await stopped;
    video.src = URL.createObjectURL(new Blob(parts, { type: 'video/webm' }));
    video.loop = true;
  }
  await video.play();
  const count = { imported: 0, copied: 0, inFlight: 0, mostInFlight: 0 };
  const { importExternalTexture } = GPUDevice.prototype;
  GPUDevice.prototype.importExternalTexture = function (descriptor) {
    if (lacks === 'importing') throw new DOMException('no frames', 'OperationError');
    count.imported += 1;
    return importExternalTexture.call(this, descriptor);
  };
  const { copyExternalImageToTexture } = GPUQueue.prototype;
  GPUQueue.prototype.copyExternalImageToTexture = function (from, to, size) {
    count.copied += 1;
    return copyExternalImageToTexture.call(this, from as GPUCopyExternalImageSourceInfo, to, size);
  };
  const preset: vision.Preset = { ...vision.imagenet1kV1, resizePx: 28, cropPx: 24 };
  const executable = await webgpu({ check: false }).compile(
    {
      values: [
        { shape: [1, 24, 24, 3], dtype: 'float32' },
        { shape: [1, 24, 24, 3], dtype: 'float32' },
      ],
      nodes: [{ op: 'Neg', inputs: [0], outputs: [1], attributes: {} }],
      inputs: [{ name: 'image', role: 'data', value: 0 }],
      outputs: [{ name: 'y', value: 1 }],
      constants: new Map(),
    },
    new Map(),
  );
  const timestamps: number[] = [];
  let [difference, framesPerSecond] = [0, 0];
  const input = new PictureInput(preset);
  const ending = new AbortController();
  const { VideoFrame } = globalThis;
  if (lacks === 'VideoFrame') Reflect.deleteProperty(globalThis, 'VideoFrame');
  const run = async (frame: FollowedFrame): Promise<number> => {
    count.inFlight += 1;
    count.mostInFlight = Math.max(count.mostInFlight, count.inFlight);
    const bitmap = await createImageBitmap(frame);
    const expected = vision.preprocess(vision.readBitmap(bitmap), preset);
    const { y } = await executable.runOn({ image: input.of(frame) });
    count.inFlight -= 1;
    return (
      (255 * 0.225 * expected.reduce((sum, value, i) => sum + Math.abs(value + (y as Float32Array)[i]!), 0)) /
      expected.length
    );
  };
  await followVideo(video, run, {
    signal: ending.signal,
    onAnswer({ answer, timestampUs, framesPerSecond: rate }) {
      timestamps.push(timestampUs);
      difference = Math.max(difference, answer);
      framesPerSecond = rate;
      const hasLooped = timestampUs < (timestamps.at(-2) ?? 0);
      if (kind === 'camera' ? timestamps.length === 8 : hasLooped) ending.abort();
    },
  });
  Object.assign(globalThis, { VideoFrame });
  Object.assign(GPUDevice.prototype, { importExternalTexture });
  Object.assign(GPUQueue.prototype, { copyExternalImageToTexture });
  input.dispose();
  await executable.dispose();
  for (const track of (video.srcObject as MediaStream | null)?.getTracks() ?? []) track.stop();
  const { imported, copied, mostInFlight } = count;
  return { timestamps, mostInFlight, imported, copied, framesPerSecond, difference };
}
