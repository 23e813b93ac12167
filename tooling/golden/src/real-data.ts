import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { dataPath } from '@residual/testing';

/** Two nets with real ImageNet weights. */
export const imagenetModels = [
  { name: 'resnet18', file: 'resnet18_ktb_small' },
  { name: 'resnet50', file: 'resnet50_ktb_large' },
] as const;

/** The nets' weights as a safetensors file. */
export function imagenetWeights(file: string): Uint8Array {
  return gunzipSync(readFileSync(dataPath('weights/imagenet_ktb', `${file}.safetensors.gz`)));
}

/** What torch 1.13 says of a photograph, by the weights' name. */
export interface ExpectedAnswer {
  readonly file: string;
  readonly [weights: string]: { readonly top5: number[]; readonly prob: number[] } | string;
}

export function expectedAnswers(): ExpectedAnswer[] {
  return JSON.parse(readFileSync(dataPath('imagenet/images/expected.json'), 'utf8')).images;
}

/** Rows of a file of little-endian float32. */
export function referenceRows(file: string, rowLength: number): Float32Array[] {
  const bytes = readFileSync(dataPath('reference', file));
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  return Array.from({ length: all.length / rowLength }, (_, row) => all.slice(row * rowLength, (row + 1) * rowLength));
}

export interface LabelledPicture {
  readonly label: number;
  /** 32 × 32, RGB. */
  readonly image: { readonly width: number; readonly height: number; readonly channels: 3; readonly data: Uint8Array };
}

/** Reads the first pictures of CIFAR-10's test batch, or of the first batch for training. */
export function cifar10(): (batch: 'test_batch' | 'data_batch_1', count: number) => LabelledPicture[] {
  const folder = mkdtempSync(join(tmpdir(), 'residual-cifar10-'));
  try {
    execFileSync(process.execPath, [dataPath('cifar10/unpack.mjs'), folder]);
    const [test, training] = ['test_batch', 'data_batch_1'].map((name) => readFileSync(join(folder, `${name}.bin`)));
    return (batch, count) => {
      const bytes = batch === 'test_batch' ? test! : training!;
      return Array.from({ length: count }, (_, index) => picture(bytes.subarray(index * 3073, (index + 1) * 3073)));
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A byte for the label, then red, green and blue, each row by row. */
function picture(record: Uint8Array): LabelledPicture {
  const data = Uint8Array.from({ length: 3072 }, (_, i) => record[1 + (i % 3) * 1024 + Math.floor(i / 3)]!);
  return { label: record[0]!, image: { width: 32, height: 32, channels: 3, data } };
}
