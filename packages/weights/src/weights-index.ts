import { type DType, itemSize } from './dtype.ts';
import { WeightsFormatError } from './weights-format-error.ts';

/** What a weights file is, told by its bytes. */
export type WeightsFormat =
  | 'safetensors'
  | 'pytorch-zip'
  | 'pytorch-legacy'
  | 'pytorch-tar'
  | 'torchscript'
  | 'pickle'
  | 'npz'
  | 'keras';

/** A run of bytes in the file. */
export interface FileRange {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Checksum of the bytes, where the container has one. */
  readonly crc32?: number;
}

/** Bytes that don't lie in the file as a tensor needs them (compressed, quantised, of another byte order). */
export interface DerivedStorage {
  readonly sizeBytes: number;
  /** Makes the bytes anew, `sizeBytes` of them; `name` is what errors call the tensor. */
  read(name: string): Promise<Uint8Array>;
}

/** What one or more tensors lie in; sharing is by identity. */
export type StorageRange = FileRange | DerivedStorage;

/** Where a tensor lies: `shape` elements at `offset + Σ index × stride` (both in elements) of its storage. */
export interface TensorEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly offset: number;
  readonly storage: StorageRange;
}

/** Tensors that stand under names side by side in a file: a state dict. */
export interface StateDictIndex {
  /** Where it hangs: empty for a bare state dict, else the keys that lead to it, e.g. `state_dict` or `model.net`. */
  readonly path: string;
  /** Tensors by the file's own names, in its order. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
}

/** What a weights file holds, without the tensors' data. */
export interface WeightsIndex {
  readonly format: WeightsFormat;
  /** Every state dict of the file, in its order; at least one. */
  readonly stateDicts: readonly StateDictIndex[];
  /** Plain values beside the tensors, by the keys that lead to them, e.g. `arch` → `resnet18`; the first of them where there are many. */
  readonly facts: ReadonlyMap<string, string | number | boolean>;
  /** The file's own text entries (safetensors' `__metadata__`). */
  readonly metadata: Readonly<Record<string, string>>;
  /** What a reader should know: a wrapper that was opened, entries that are no tensors. */
  readonly notes: readonly string[];
}

/** Number of elements of a shape. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major strides of a shape, in elements. */
export function contiguousStride(shape: readonly number[]): number[] {
  const stride = new Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    stride[axis] = step;
    step *= shape[axis]!;
  }
  return stride;
}

/** Whether the tensor's elements follow each other in row-major order. */
export function isContiguous(entry: TensorEntry): boolean {
  const expected = contiguousStride(entry.shape);
  return entry.shape.every((size, axis) => size <= 1 || entry.stride[axis] === expected[axis]);
}

/** @throws WeightsFormatError (`corrupt`) where a tensor reaches outside its storage. */
export function checkView(source: string, name: string, entry: TensorEntry): void {
  const { shape, stride, offset, storage, dtype } = entry;
  const whole = [...shape, ...stride, offset].every((n) => Number.isSafeInteger(n) && n >= 0);
  const held = Math.floor(storage.sizeBytes / itemSize(dtype));
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * stride[axis]!, offset);
  if (whole && shape.length === stride.length && (countElements(shape) === 0 || last < held)) return;
  const text = `${name}: expected a view inside its storage of ${held} elements, got shape [${shape}], strides [${stride}], offset ${offset}; the file is corrupt`;
  throw new WeightsFormatError('corrupt', source, text);
}
