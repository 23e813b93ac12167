import type { DType } from '../dtype.ts';
import { PickleError } from './pickle-error.ts';
import {
  AllowedGlobal,
  Inert,
  type PickleDict,
  type PickleValue,
  StorageReference,
  TensorReference,
} from './pickle-values.ts';

const maxDimensions = 64; // torch's own limit

/**
 * Every name that a pickle may ask for. What is not in the table is refused, and what is in it only builds data.
 *
 * @see torch/_weights_only_unpickler.py
 */
export function makeAllowedGlobals(): ReadonlyMap<string, AllowedGlobal> {
  const table = new Map<string, AllowedGlobal>();
  const allow = (name: string, call: (args: readonly PickleValue[]) => PickleValue, dtype?: DType | 'untyped') => {
    table.set(name, new AllowedGlobal(name, call, dtype));
  };

  allow('collections.OrderedDict', ([pairs]) => dictOf(pairs));
  allow('collections.defaultdict', () => new Map());
  allow('torch.Size', ([sizes]) => (Array.isArray(sizes) ? sizes : wrong('torch.Size: expected a tuple')));
  allow('torch._utils._rebuild_tensor', rebuildTensor);
  allow('torch._utils._rebuild_tensor_v2', rebuildTensor);
  allow('torch._utils._rebuild_tensor_v3', rebuildTensor);
  for (const name of ['_rebuild_parameter', '_rebuild_parameter_with_state']) {
    allow(`torch._utils.${name}`, ([tensor]) => tensor ?? null);
  }
  allow('torch._tensor._rebuild_from_type_v2', ([rebuild, , args]) => {
    if (rebuild instanceof AllowedGlobal && Array.isArray(args)) return rebuild.call(args);
    return wrong('torch._tensor._rebuild_from_type_v2: expected a function and its arguments');
  });

  const allowType = (name: string, dtype: DType | 'untyped') => {
    allow(name, () => wrong(`${name}: expected a type, got a call of it`), dtype);
  };
  for (const [prefix, dtype] of elementTypes()) {
    allowType(`torch.${dtype}`, dtype);
    for (const name of [`${prefix}Storage`, `${prefix}Tensor`]) {
      allowType(`torch.${name}`, dtype);
      allowType(`torch.cuda.${name}`, dtype);
    }
  }
  allowType('torch.storage.UntypedStorage', 'untyped');
  allowType('torch.UntypedStorage', 'untyped');

  // Values of checkpoints that no weights depend on.
  for (const name of [
    'torch.device',
    'torch.Tensor',
    'torch.nn.parameter.Parameter',
    'torch.serialization._get_layout',
    'numpy.dtype',
    'numpy.core.multiarray.scalar',
    'numpy._core.multiarray.scalar',
    '_codecs.encode',
    'argparse.Namespace',
    '__builtin__.set',
    'builtins.set',
    'builtins.int',
    'builtins.float',
    'builtins.dict',
    'builtins.list',
  ]) {
    allow(name, () => new Inert(name));
  }
  return table;
}

/** torch's names of storage and tensor classes begin with these. */
function elementTypes(): [prefix: string, dtype: DType][] {
  return [
    ['Double', 'float64'],
    ['Float', 'float32'],
    ['Half', 'float16'],
    ['BFloat16', 'bfloat16'],
    ['Long', 'int64'],
    ['Int', 'int32'],
    ['Short', 'int16'],
    ['Char', 'int8'],
    ['Byte', 'uint8'],
    ['Bool', 'bool'],
  ];
}

/** `(storage, offset, size, stride, requires_grad, hooks[, dtype, metadata])`; the oldest have the first four. */
function rebuildTensor(args: readonly PickleValue[]): TensorReference {
  const [storage, offset, shape, stride] = args;
  if (!(storage instanceof StorageReference)) return wrong('a tensor: expected a storage');
  const named = args[6] instanceof AllowedGlobal ? args[6].dtype : undefined;
  const dtype = named ?? storage.dtype;
  if (dtype === 'untyped') return wrong('a tensor: expected a dtype for its untyped storage');
  if (!isSize(offset) || !isSizes(shape) || !isSizes(stride) || shape.length !== stride.length) {
    return wrong('a tensor: expected an offset, sizes and strides');
  }
  return new TensorReference(storage, dtype, offset, shape, stride);
}

function dictOf(pairs: PickleValue | undefined): PickleDict {
  const dict: PickleDict = new Map();
  if (pairs === undefined) return dict;
  if (!Array.isArray(pairs)) return wrong('collections.OrderedDict: expected pairs');
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return wrong('collections.OrderedDict: expected pairs');
    dict.set(pair[0]!, pair[1]!);
  }
  return dict;
}

function isSize(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSizes(value: PickleValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= maxDimensions && value.every(isSize);
}

function wrong(message: string): never {
  throw new PickleError('corrupt', message);
}
