import type { RunOptions } from '@residual/compile';
import { fromPixels, type PixelImage, type Pixels, readBitmap } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { decode } from '#decode';
import { checkAddress } from './check-address.ts';
import { ClassifierError } from './classifier-error.ts';
import type { PictureOptions } from './picture-options.ts';

/** What a browser can draw, as it looks now. */
export type DrawableImage =
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/** A picture's file: an address or (in Node) a path, its bytes, or a `Blob`. */
export type ImageFile = string | URL | Uint8Array | ArrayBuffer | Blob;

/**
 * A picture: its file; decoded pixels, grey, RGB or RGBA (`ImageData`), with their `range` where they are no bytes; what a
 * browser can draw; or a tensor `[height, width, 3]`, int32 from 0 to 255 or float32 from 0 to 1, as `tf.browser.toPixels`
 * takes it.
 */
export type ImageInput = ImageFile | Pixels | DrawableImage | tf.Tensor3D;

export interface ReadImageOptions extends RunOptions, PictureOptions {}

/**
 * Reads a picture's pixels.
 *
 * @throws DecodeError for a file that is no picture, or cannot be read.
 * @throws ImageError for pixels that do not fit their size, or are not in their range.
 * @throws ClassifierError for what is none of the kinds of picture, or a tensor of another shape or type.
 */
export async function readImage(image: ImageInput, options: ReadImageOptions = {}): Promise<PixelImage> {
  options.signal?.throwIfAborted();
  const pixels = await pixelsOf(image, options);
  for (const note of pixels.notes ?? []) options.onNote?.(note, image);
  return pixels;
}

async function pixelsOf(image: ImageInput, options: ReadImageOptions): Promise<PixelImage> {
  if (image instanceof tf.Tensor) return readTensor(image);
  if (isFile(image)) {
    if (typeof image === 'string') checkAddress(image);
    return decode(image, options);
  }
  if (typeof image !== 'object' || image === null) throw notAnImage(image);
  if (isPixels(image)) return fromPixels(image);
  if (isDrawable(image)) return readDrawable(image);
  throw notAnImage(image);
}

function isFile(image: unknown): image is ImageFile {
  return typeof image === 'string' || [URL, Uint8Array, ArrayBuffer, Blob].some((type) => image instanceof type);
}

function notAnImage(image: unknown): ClassifierError {
  const expected = 'expected a path, URL, bytes, Blob, pixels, canvas, video or tensor';
  return badInput(`${expected}, got ${describe(image)}; decode it to {width, height, channels: 3, data}`);
}

async function readTensor(tensor: tf.Tensor): Promise<PixelImage> {
  const { shape, dtype } = tensor;
  const [height, width, channels] = shape;
  if (shape.length !== 3 || channels !== 3) {
    const expected = 'expected a tensor [height, width, 3]';
    throw badInput(`${expected}, got [${shape.join(', ')}]; take a batch apart with tf.unstack`);
  }
  if (dtype !== 'int32' && dtype !== 'float32')
    throw badInput(`expected an int32 or float32 tensor, got ${dtype}; cast it`);
  const data = await tensor.data();
  return fromPixels({ width: width!, height: height!, channels: 3, data, range: dtype === 'int32' ? 255 : 1 });
}

async function readDrawable(image: DrawableImage): Promise<PixelImage> {
  const bitmap = await createImageBitmap(image, { premultiplyAlpha: 'none', colorSpaceConversion: 'none' }).catch(
    (cause: unknown) => {
      const got = `${describe(image)} that has nothing to draw`;
      throw badInput(`expected a picture, got ${got}; wait until it is loaded`, cause);
    },
  );
  try {
    return readBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}

function isPixels(image: object): image is Pixels {
  return 'data' in image && 'width' in image && 'height' in image;
}

/** By name: not every runtime has each of the classes. */
function isDrawable(image: object): image is DrawableImage {
  const kinds = [
    'ImageBitmap',
    'HTMLImageElement',
    'HTMLCanvasElement',
    'OffscreenCanvas',
    'HTMLVideoElement',
    'VideoFrame',
  ];
  return kinds.some((kind) => {
    const type = (globalThis as Record<string, unknown>)[kind];
    return typeof type === 'function' && image instanceof type;
  });
}

/** What it is; never what is in it, which may be long. */
function describe(image: unknown): string {
  if (image === undefined || image === null) return String(image);
  if (typeof image !== 'object') return `a ${typeof image}`;
  if (image instanceof Promise) return 'a Promise: await it';
  if (ArrayBuffer.isView(image)) return `${image.constructor.name} without a size`;
  const { name } = image.constructor ?? {};
  return name && name !== 'Object'
    ? name
    : `an object of ${Object.keys(image).slice(0, 4).join(', ').slice(0, 80) || 'nothing'}`;
}

function badInput(message: string, cause?: unknown): ClassifierError {
  return new ClassifierError('BAD_INPUT', `image: ${message}`, cause);
}
