import { fromImageData, type PixelImage, type RgbaImage, readBitmap } from '@residual/vision';
import * as tf from '@tensorflow/tfjs-core';
import { decode } from '#decode';
import { ClassifierError } from './classifier-error.ts';
import type { PictureOptions } from './picture-options.ts';
import type { RunOptions } from './run-options.ts';

/** What a browser can draw, as it looks now. */
export type DrawableImage =
  | ImageBitmap
  | HTMLImageElement
  | HTMLCanvasElement
  | OffscreenCanvas
  | HTMLVideoElement
  | VideoFrame;

/**
 * A picture: an address or (in Node) a path; a file's bytes; decoded pixels, RGB or RGBA (`ImageData`); what a browser can
 * draw; or a tensor `[height, width, 3]`, int32 from 0 to 255 or float32 from 0 to 1, as `tf.browser.toPixels` takes it.
 */
export type ImageInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | PixelImage
  | RgbaImage
  | DrawableImage
  | tf.Tensor3D;

export interface ReadImageOptions extends RunOptions, PictureOptions {}

/**
 * Reads a picture's pixels.
 *
 * @throws DecodeError for a file that is no picture, or cannot be read.
 * @throws ClassifierError for what is none of the kinds of picture, or a tensor of another shape, type or range.
 */
export async function readImage(image: ImageInput, options: ReadImageOptions = {}): Promise<PixelImage> {
  options.signal?.throwIfAborted();
  const pixels = await pixelsOf(image, options);
  for (const note of pixels.notes ?? []) options.onNote?.(note, image);
  return pixels;
}

async function pixelsOf(image: ImageInput, options: ReadImageOptions): Promise<PixelImage> {
  if (image instanceof tf.Tensor) return readTensor(image);
  if (isFile(image)) return decode(image, options);
  if (typeof image !== 'object' || image === null) throw notAnImage(image);
  if (isPixels(image)) return 'channels' in image ? image : fromImageData(image);
  if (isDrawable(image)) return readDrawable(image);
  throw notAnImage(image);
}

function isFile(image: unknown): image is string | URL | Uint8Array | ArrayBuffer | Blob {
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
  const most = dtype === 'int32' ? 255 : 1;
  const values = await tensor.data();
  const data = new Uint8Array(values.length);
  for (let i = 0; i < data.length; i++) {
    const value = values[i]!;
    if (!(value >= 0 && value <= most))
      throw badInput(`expected a ${dtype} tensor of values from 0 to ${most}, got ${value}; rescale it`);
    data[i] = Math.round((value / most) * 255);
  }
  return { width: width!, height: height!, channels: 3, data };
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

function isPixels(image: object): image is PixelImage | RgbaImage {
  return 'data' in image && ArrayBuffer.isView(image.data) && 'width' in image && 'height' in image;
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

function describe(image: unknown): string {
  return typeof image === 'object' && image !== null ? (image.constructor?.name ?? 'an object') : String(image);
}

function badInput(message: string, cause?: unknown): ClassifierError {
  return new ClassifierError('BAD_INPUT', `image: ${message}`, cause);
}
