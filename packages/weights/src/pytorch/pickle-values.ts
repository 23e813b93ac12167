import type { DType } from '../dtype.ts';

/** What our unpickler can make: plain data, and tensors that are not read yet. Tuples and lists are arrays. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PickleValue[]
  | PickleDict
  | AllowedGlobal
  | StorageReference
  | TensorReference
  | Inert;

/** A Python dict or OrderedDict. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** A name that a pickle may ask for, and what stands for calling it; no code of the file's runs. */
export class AllowedGlobal {
  readonly name: string;
  readonly call: (args: readonly PickleValue[]) => PickleValue;
  /** For torch's storage classes and dtypes: the element type. */
  readonly dtype: DType | 'untyped' | undefined;

  constructor(name: string, call: (args: readonly PickleValue[]) => PickleValue, dtype?: DType | 'untyped') {
    this.name = name;
    this.call = call;
    this.dtype = dtype;
  }
}

/** A storage that the pickle refers to by key; its bytes lie elsewhere in the file. */
export class StorageReference {
  readonly key: string;
  readonly dtype: DType | 'untyped';
  /** Elements of the whole storage (bytes where it is untyped). */
  readonly size: number;
  /** First element of this part of it, for the views that old files have. */
  readonly viewOffset: number;

  constructor(key: string, dtype: DType | 'untyped', size: number, viewOffset = 0) {
    this.key = key;
    this.dtype = dtype;
    this.size = size;
    this.viewOffset = viewOffset;
  }
}

/** A tensor as the pickle describes it; offset and strides in elements. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly dtype: DType;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor(
    storage: StorageReference,
    dtype: DType,
    offset: number,
    shape: readonly number[],
    stride: readonly number[],
  ) {
    this.storage = storage;
    this.dtype = dtype;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

/** An object that no weights are in (a device, a numpy number, a namespace of arguments): named, and otherwise left out. */
export class Inert {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}
