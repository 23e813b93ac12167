import { requirement } from '@residual/testing';
import { bundleScript, type OpenedPage, openScriptedPage } from '@residual/testing/scripted-page';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ImageInput, readImage as read } from './read-image.ts';

declare global {
  interface Window {
    readImage: typeof read;
    canvas: HTMLCanvasElement;
  }
}

/** What the page has to offer, each of the same four pixels. */
const kinds: Record<string, () => unknown> = {
  'a canvas': () => window.canvas,
  'an OffscreenCanvas': () => {
    const offscreen = new OffscreenCanvas(2, 2);
    offscreen.getContext('2d')!.drawImage(window.canvas, 0, 0);
    return offscreen;
  },
  ImageData: () => window.canvas.getContext('2d')!.getImageData(0, 0, 2, 2),
  'an ImageBitmap': () => createImageBitmap(window.canvas),
  'a Blob': () => new Promise((resolve) => window.canvas.toBlob(resolve)),
  bytes: async () => {
    const blob = await new Promise<Blob | null>((resolve) => window.canvas.toBlob(resolve));
    return new Uint8Array(await blob!.arrayBuffer());
  },
  'an address': () => window.canvas.toDataURL(),
  'an <img>': async () => {
    const image = new Image();
    image.src = window.canvas.toDataURL();
    await image.decode();
    return image;
  },
  'a VideoFrame': () => new VideoFrame(window.canvas, { timestamp: 0, alpha: 'discard' }),
  'a <video>': async () => {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = window.canvas.captureStream();
    const drawn = setInterval(() => window.canvas.getContext('2d')!.drawImage(window.canvas, 0, 0), 20);
    await video.play();
    clearInterval(drawn);
    return video;
  },
};

describe.skipIf(!requirement('chromium'))('in Chromium', () => {
  let opened: OpenedPage;
  let page: Page;
  beforeAll(async () => {
    const code = await bundleScript(import.meta.dirname, "export { readImage } from './read-image.ts';");
    expect(code).not.toMatch(/require\("node:|from ?"node:/);
    opened = await openScriptedPage(code);
    page = opened.page;
    await page.evaluate(() => {
      window.readImage = (globalThis as unknown as { bundled: { readImage: typeof read } }).bundled.readImage;
      window.canvas = document.createElement('canvas');
      [window.canvas.width, window.canvas.height] = [2, 2];
      const context = window.canvas.getContext('2d')!;
      for (const [at, colour] of ['#f00', '#0f0', '#00f', '#fff'].entries()) {
        context.fillStyle = colour;
        context.fillRect(at % 2, at >> 1, 1, 1);
      }
    });
  });
  afterAll(() => opened?.close());

  test.each(Object.keys(kinds))('%s is read', async (kind) => {
    const handle = await page.evaluateHandle(kinds[kind] as () => ImageInput);
    const got = await page.evaluate(async (image) => {
      const { width, height, data } = await window.readImage(image as ImageInput);
      return { width, height, data: Array.from(data) };
    }, handle);
    expect([got.width, got.height]).toEqual([2, 2]);
    const expected = [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
    // A video's colours are halved in resolution: of 2 × 2 pixels little but brightness is left.
    if (kind === 'a <video>' || kind === 'a VideoFrame') expect(got.data).toHaveLength(12);
    else expect(got.data).toEqual(expected);
  });

  test.each([
    [
      'a damaged picture at an address',
      () => `${window.canvas.toDataURL('image/jpeg').slice(0, 23 + 276)}`,
      'data:image/jpeg;base64,',
    ],
    ['a damaged File', () => new File([new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16])], 'IMG_1.jpg'), 'IMG_1.jpg: '],
  ] as [string, () => ImageInput, string][])('%s is called damaged, by its name', async (_, make, name) => {
    const handle = await page.evaluateHandle(make);
    const message = await page.evaluate(
      (image) => window.readImage(image as ImageInput).catch((error: Error) => error.message),
      handle,
    );
    expect(message).toMatch(
      /expected a whole picture, got a JPEG picture that is cut off after \d+ bytes; get the file again$/,
    );
    expect(String(message).startsWith(name)).toBe(true);
    expect(String(message).length).toBeLessThan(200);
  });

  test('base64 without its address, and floats without their range, are told what is missing', async () => {
    const messages = await page.evaluate(() => {
      const messageOf = (image: ImageInput) => window.readImage(image).catch((error: Error) => error.message);
      const base64 = window.canvas.toDataURL('image/png').split(',')[1]!;
      const floats = { width: 1, height: 1, data: Float32Array.of(0, 0.5, 1) };
      return Promise.all([messageOf(base64), messageOf(floats), messageOf('data:image/png;base64,%')]);
    });
    expect(messages[0]).toMatch(/got \d+ characters of base64; write data:image\/png;base64, before them$/);
    expect(messages[1]).toContain('got Float32Array of values from 0 to 1; say which number is white: range: 1');
    expect(messages[2]).toMatch(/^data:image\/png;base64,%: expected a picture, got /);
  });

  test('what has nothing to draw yet is refused', async () => {
    const message = await page.evaluate(() => window.readImage(new Image()).catch((error: Error) => error.message));
    expect(message).toContain('image: expected a picture, got HTMLImageElement that has nothing to draw');
  });
});
