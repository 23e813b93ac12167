import type { DType } from '../dtype.ts';
import type { StorageRange } from '../weights-index.ts';

/** Element types of storages: those that tensors keep, and those that are widened when they are read. */
export type StoredType = DType | 'float8_e4m3fn' | 'float8_e5m2' | 'qint8' | 'quint8' | 'qint32' | 'untyped';

/** What our unpickler can make: plain data, and tensors that are not read yet. Tuples and lists are arrays. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | FileBytes
  | PickleValue[]
  | PickleDict
  | GlobalName
  | StorageReference
  | TensorReference
  | PickleObject;

/** A Python dict or OrderedDict. */
export type PickleDict = Map<PickleValue, PickleValue>;

/** Bytes, or a long text, that stay in the file; a `text` is UTF-8. */
export class FileBytes {
  readonly offset: number;
  readonly sizeBytes: number;
  /** `latin1`: a text whose characters are the bytes, as protocol 2 has to write them. */
  readonly kind: 'bytes' | 'text' | 'latin1';

  constructor(offset: number, sizeBytes: number, kind: FileBytes['kind']) {
    this.offset = offset;
    this.sizeBytes = sizeBytes;
    this.kind = kind;
  }
}

/** A class or function that a pickle names. No code of the file runs: calls of unknown names make `PickleObject`s. */
export class GlobalName {
  readonly name: string;
  /** What stands for calling it; without one a call makes a `PickleObject`. */
  readonly call: ((args: readonly PickleValue[]) => PickleValue) | undefined;
  /** For torch's storage classes and dtypes: the element type. */
  readonly type: StoredType | undefined;

  constructor(name: string, call?: (args: readonly PickleValue[]) => PickleValue, type?: StoredType) {
    this.name = name;
    this.call = call;
    this.type = type;
  }
}

/** A storage that the pickle refers to by key; its bytes lie elsewhere in the file. */
export class StorageReference {
  readonly key: string;
  readonly type: StoredType;
  /** Elements of the whole storage (bytes where it is untyped). */
  readonly size: number;
  /** First element of this part of it, for the views that old files have. */
  readonly viewOffset: number;
  /** Where its bytes are, if the container needn't be asked. */
  readonly range: StorageRange | undefined;

  constructor(key: string, type: StoredType, size: number, viewOffset = 0, range?: StorageRange) {
    this.key = key;
    this.type = type;
    this.size = size;
    this.viewOffset = viewOffset;
    this.range = range;
  }
}

/** How the integers of a quantised tensor stand for numbers; per channel they are tensors, along an axis. */
export type Quantizer =
  | { readonly scale: number; readonly zeroPoint: number }
  | { readonly scales: TensorReference; readonly zeroPoints: TensorReference; readonly axis: number };

/** A tensor as the pickle describes it; offset and strides in elements. */
export class TensorReference {
  readonly storage: StorageReference;
  readonly type: Exclude<StoredType, 'untyped'>;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
  readonly quantizer: Quantizer | undefined;

  constructor(
    storage: StorageReference,
    type: Exclude<StoredType, 'untyped'>,
    offset: number,
    shape: readonly number[],
    stride: readonly number[],
    quantizer?: Quantizer,
  ) {
    this.storage = storage;
    this.type = type;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
    this.quantizer = quantizer;
  }
}

/** An object of a class, or a result of a function, that is not run: its name, and what the pickle gave it. */
export class PickleObject {
  readonly name: string;
  readonly args: readonly PickleValue[];
  /** What BUILD gave: `__dict__`, or whatever the class's own `__getstate__` makes. */
  state: PickleValue | undefined;
  /** Pairs of a class that derives from dict. */
  pairs: PickleDict | undefined;
  /** Elements of a set, or of a class that derives from list. */
  elements: PickleValue[] | undefined;

  constructor(name: string, args: readonly PickleValue[] = []) {
    this.name = name;
    this.args = args;
  }
}
