/** Host memory of one tensor; the kind of array is its dtype (`bool` is `Uint8Array`, `int64` `BigInt64Array`). */
export type HostData = Float32Array | Float64Array | Int8Array | Uint8Array | Int16Array | Int32Array | BigInt64Array;

/**
 * One tensor in host memory, in PyTorch's layout: convolutions `[out, in / groups, h, w]`, linear `[out, in]`, row-major.
 * The same type as in `@residual/blocks`, repeated because a program that only reads and writes files needs no tfjs.
 */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: HostData;
  /** How the file stored it where that differs from `data`, e.g. `float16` widened to a `Float32Array`. */
  readonly storedAs?: 'float16' | 'bfloat16';
}

/** Tensors by PyTorch's parameter paths (`layer1.0.conv1.weight`), in the file's order. */
export type StateDict = ReadonlyMap<string, HostTensor>;
