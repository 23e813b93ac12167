import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PixelImage } from '../src/pixel-image.ts';

/** RGB noise, the same as `noise_image` of tooling/golden/pil_pixels.py. */
export function noiseImage(width: number, height: number, seed: number): PixelImage {
  const data = new Uint8ClampedArray(width * height * 3);
  let state = seed;
  for (let i = 0; i < data.length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    data[i] = state >>> 24;
  }
  return { width, height, channels: 3, data };
}

/** The first 16 hexadecimal digits of the bytes' sha256. */
export function digest(data: Uint8Array | Uint8ClampedArray | Float32Array): string {
  return createHash('sha256').update(bytesOf(data)).digest('hex').slice(0, 16);
}

/** The bytes in hexadecimal, so that a wrong one can be seen. */
export function hex(data: Uint8Array | Uint8ClampedArray): string {
  return bytesOf(data).toString('hex');
}

/** What a script of tooling/golden wrote. */
export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'));
}

function bytesOf(data: ArrayBufferView): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
