import { checkDict } from '../check-dict.ts';
import { narrowToHalf } from '../half.ts';
import type { HostData, HostTensor, StateDict } from '../host-tensor.ts';
import { WeightsFormatError } from '../weights-format-error.ts';

/** What a written file says besides the tensors. */
export interface WriteSafetensorsOptions {
  /** Text entries of the file's `__metadata__`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** How floats of 32 bits are stored; default `float32`. Other types stay what they are. */
  readonly dtype?: 'float32' | 'float16';
}

/**
 * Writes tensors in PyTorch's layout as one safetensors file.
 *
 * @throws WeightsFormatError where a finite value does not fit `float16`, or a tensor's data is not its shape's.
 * @see https://github.com/huggingface/safetensors#format
 */
export function writeSafetensors(dict: StateDict, options: WriteSafetensorsOptions = {}): Uint8Array<ArrayBuffer> {
  checkDict(dict);
  const stored = [...dict].map(([name, tensor]) => store(name, tensor, options.dtype === 'float16'));
  // The widest types first, so that every tensor is aligned, as the reference writer orders them.
  const inOrder = [...stored].sort((a, b) => b.itemBytes - a.itemBytes);
  let end = 0;
  const begins = new Map<string, number>();
  for (const { name, bytes } of inOrder) {
    begins.set(name, end);
    end += bytes.byteLength;
  }
  const entries = stored.map(({ name, dtype, shape, bytes }) => {
    const begin = begins.get(name)!;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, begin + bytes.byteLength] })}`;
  });
  if (options.metadata !== undefined) entries.unshift(`"__metadata__":${JSON.stringify(options.metadata)}`);
  const json = new TextEncoder().encode(`{${entries.join(',')}}`);
  const headerBytes = Math.ceil(json.byteLength / 8) * 8;

  const file = new Uint8Array(8 + headerBytes + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  for (const { name, bytes } of inOrder) file.set(bytes, 8 + headerBytes + begins.get(name)!);
  return file;
}

interface StoredTensor {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly itemBytes: number;
  readonly bytes: Uint8Array;
}

function store(name: string, { shape, data }: HostTensor, asHalf: boolean): StoredTensor {
  if (name === '__metadata__') {
    throw new WeightsFormatError('unsupported', name, 'the format keeps this name for its metadata; rename the tensor');
  }
  const isHalf = asHalf && data instanceof Float32Array;
  const array = isHalf ? narrowToHalf(data, (value) => tooLargeForHalf(name, value)) : data;
  return {
    name,
    dtype: isHalf ? 'F16' : dtypeName(data),
    shape,
    itemBytes: array.BYTES_PER_ELEMENT,
    bytes: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  };
}

function dtypeName(data: HostData): string {
  if (data instanceof Float32Array) return 'F32';
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof BigInt64Array) return 'I64';
  if (data instanceof Int32Array) return 'I32';
  if (data instanceof Int16Array) return 'I16';
  return data instanceof Int8Array ? 'I8' : 'U8';
}

function tooLargeForHalf(name: string, value: number): WeightsFormatError {
  return new WeightsFormatError(
    'unsupported',
    name,
    `expected values within ±65504 for float16, got ${value}; write float32`,
  );
}
