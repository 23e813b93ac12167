import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dataPath } from '@residual/testing';
import { onTestFinished } from 'vitest';

/** Two nets with real ImageNet weights. */
export const imagenetModels = [
  { name: 'resnet18', file: 'resnet18_ktb_small', logits: 'imagenet_images_resnet18_ktb_small_logits_14x1000.f32' },
  { name: 'resnet50', file: 'resnet50_ktb_large', logits: 'imagenet_images_resnet50_ktb_large_logits_14x1000.f32' },
] as const;

/** The nets' weights as a safetensors file. */
export function imagenetWeights(file: string): Uint8Array {
  return gunzipSync(readFileSync(dataPath('weights/imagenet_ktb', `${file}.safetensors.gz`)));
}

/** Little-endian float32. */
export function floats(path: string): Float32Array {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'residual-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
