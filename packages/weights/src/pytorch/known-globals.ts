import { PickleError } from './pickle-error.ts';
import {
  FileBytes,
  GlobalName,
  type PickleDict,
  PickleObject,
  type PickleValue,
  type Quantizer,
  StorageReference,
  type StoredType,
  TensorReference,
} from './pickle-values.ts';
import { isSize, isSizes } from './tensor-sizes.ts';

/** The function that plain `pickle` calls with a whole file of `torch.save`; the unpickler's host reads that file. */
export const loadFromBytes = 'torch.storage._load_from_bytes';

/**
 * The names whose calls mean data: containers, bytes, tensors. All others make placeholders.
 *
 * @see torch/_utils.py
 */
export function makeKnownGlobals(): ReadonlyMap<string, GlobalName> {
  const table = new Map<string, GlobalName>();
  const know = (name: string, call: (args: readonly PickleValue[]) => PickleValue) => {
    table.set(name, new GlobalName(name, call));
  };

  know('collections.OrderedDict', ([pairs]) => dictOf(pairs));
  know('collections.defaultdict', ([, pairs]) => dictOf(pairs));
  know('torch.Size', ([sizes]) => (Array.isArray(sizes) ? sizes : wrong('torch.Size: expected a tuple')));
  know('torch._utils._rebuild_tensor', rebuildTensor);
  know('torch._utils._rebuild_tensor_v2', rebuildTensor);
  know('torch._utils._rebuild_tensor_v3', rebuildTensor);
  know('torch._utils._rebuild_qtensor', rebuildQuantized);
  know('torch._utils._rebuild_parameter', ([tensor]) => tensor ?? null);
  know('torch._utils._rebuild_parameter_with_state', ([tensor]) => tensor ?? null);
  know('torch._utils._rebuild_device_tensor_from_numpy', ([array]) => array ?? null);
  know('torch._utils._rebuild_device_tensor_from_cpu_tensor', ([tensor]) => tensor ?? null);
  for (const name of ['torch.nn.Buffer', 'torch.nn.parameter.Buffer', 'torch.nn.parameter.Parameter']) {
    know(name, (args) => (args[0] instanceof TensorReference ? args[0] : new PickleObject(name, args)));
  }
  know('torch._tensor._rebuild_from_type_v2', rebuildFromType);
  for (const module of ['__builtin__', 'builtins']) {
    know(`${module}.dict`, ([pairs]) => dictOf(pairs));
    know(`${module}.list`, ([elements]) => (Array.isArray(elements) ? elements : []));
    know(`${module}.tuple`, ([elements]) => (Array.isArray(elements) ? elements : []));
    know(`${module}.set`, ([elements]) => setOf(elements));
    know(`${module}.frozenset`, ([elements]) => setOf(elements));
    know(`${module}.bytearray`, encode);
    know(`${module}.bytes`, encode);
  }
  know('_codecs.encode', encode);
  for (const module of ['copy_reg', 'copyreg']) {
    know(`${module}._reconstructor`, reconstruct);
    know(`${module}.__newobj__`, ([type, ...args]) => callGlobal(type, args));
    know(`${module}.__newobj_ex__`, ([type, args]) => callGlobal(type, args));
  }
  // What TorchScript writes for typed lists and dicts.
  for (const name of ['build_intlist', 'build_tensorlist', 'build_doublelist', 'build_boollist', 'restore_type_tag']) {
    know(`torch.jit._pickle.${name}`, ([value]) => value ?? null);
  }
  for (const [name, type] of typeNames()) table.set(name, new GlobalName(name, undefined, type));
  return table;
}

/** Calls a name as REDUCE does. */
export function callGlobal(callee: PickleValue | undefined, args: PickleValue | undefined): PickleValue {
  // Enums, bound methods and classes made at run time are calls of what is itself a call's result.
  if (callee instanceof PickleObject && Array.isArray(args)) return new PickleObject(callee.name, args);
  if (!(callee instanceof GlobalName) || !Array.isArray(args)) return wrong('expected a name and its arguments');
  return callee.call === undefined ? new PickleObject(callee.name, args) : callee.call(args);
}

function typeNames(): [name: string, type: StoredType][] {
  const names: [string, StoredType][] = [
    ['torch.float8_e4m3fn', 'float8_e4m3fn'],
    ['torch.float8_e5m2', 'float8_e5m2'],
    ['torch.storage.UntypedStorage', 'untyped'],
    ['torch.storage._UntypedStorage', 'untyped'],
    ['torch.UntypedStorage', 'untyped'],
  ];
  const prefixes: [prefix: string, type: StoredType][] = [
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
    ['QInt8', 'qint8'],
    ['QUInt8', 'quint8'],
    ['QInt32', 'qint32'],
  ];
  for (const [prefix, type] of prefixes) {
    names.push([`torch.${type}`, type]);
    for (const kind of ['Storage', 'Tensor']) {
      names.push([`torch.${prefix}${kind}`, type], [`torch.cuda.${prefix}${kind}`, type]);
    }
  }
  return names;
}

/** `(storage, offset, size, stride, requires_grad, hooks[, dtype, metadata])`; the oldest have the first four. */
function rebuildTensor(args: readonly PickleValue[]): PickleValue {
  const named = args[6] instanceof GlobalName ? args[6] : undefined;
  // Complex numbers, fp4, nested tensors: what no ResNet has, and what is named where it stands in a state dict.
  if (named !== undefined && named.type === undefined) return new PickleObject(named.name, args);
  if (args[0] instanceof PickleObject) return new PickleObject(args[0].name, args);
  return tensorOf(args, named?.type, undefined);
}

/** `(storage, offset, size, stride, (scheme, …), requires_grad, hooks)` */
function rebuildQuantized(args: readonly PickleValue[]): PickleValue {
  const [scheme, first, second, axis] = Array.isArray(args[4]) ? args[4] : [];
  const name = scheme instanceof GlobalName ? scheme.name : '';
  let quantizer: Quantizer | undefined;
  if (name === 'torch.per_tensor_affine' && typeof first === 'number' && typeof second === 'number') {
    quantizer = { scale: first, zeroPoint: second };
  } else if (
    name === 'torch.per_channel_affine' &&
    first instanceof TensorReference &&
    second instanceof TensorReference &&
    isSize(axis)
  ) {
    quantizer = { scales: first, zeroPoints: second, axis };
  }
  if (quantizer === undefined) return new PickleObject(name || 'torch._utils._rebuild_qtensor', args);
  return tensorOf(args, undefined, quantizer);
}

function tensorOf(
  [storage, offset, shape, stride]: readonly PickleValue[],
  named: StoredType | undefined,
  quantizer: Quantizer | undefined,
): TensorReference {
  if (!(storage instanceof StorageReference)) return wrong('a tensor: expected a storage');
  const type = named ?? storage.type;
  if (type === 'untyped') return wrong('a tensor: expected a dtype for its untyped storage');
  if (type.startsWith('q') !== (quantizer !== undefined)) return wrong('a tensor: expected a scale for quantised data');
  if (!isSize(offset) || !isSizes(shape) || !isSizes(stride) || shape.length !== stride.length) {
    return wrong('a tensor: expected an offset, sizes and strides');
  }
  return new TensorReference(storage, type, offset, shape, stride, quantizer);
}

function rebuildFromType([rebuild, , args]: readonly PickleValue[]): PickleValue {
  const name = 'torch._tensor._rebuild_from_type_v2';
  // Never itself: its arguments may hold themselves.
  if (rebuild instanceof GlobalName && rebuild.name !== name) return callGlobal(rebuild, args);
  return wrong(`${name}: expected a function and its arguments`);
}

/** `(class, base, state of the base)`: how protocols 0 and 1 make objects. */
function reconstruct([type, , state]: readonly PickleValue[]): PickleValue {
  return state === null || state === undefined ? callGlobal(type, []) : callGlobal(type, [state]);
}

function dictOf(pairs: PickleValue | undefined): PickleDict {
  const dict: PickleDict = new Map();
  if (pairs === undefined) return dict;
  if (pairs instanceof Map) return pairs;
  if (!Array.isArray(pairs)) return wrong('a dict: expected pairs');
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2) return wrong('a dict: expected pairs');
    dict.set(pair[0]!, pair[1]!);
  }
  return dict;
}

function setOf(elements: PickleValue | undefined): PickleObject {
  const set = new PickleObject('builtins.set');
  if (Array.isArray(elements)) set.elements = [...elements];
  return set;
}

/** `(text, 'latin1')` is how protocol 2 writes bytes. */
function encode([value]: readonly PickleValue[]): PickleValue {
  if (value instanceof FileBytes) {
    return value.kind === 'text' ? new FileBytes(value.offset, value.sizeBytes, 'latin1') : value;
  }
  if (typeof value === 'string') return Uint8Array.from(value, (char) => char.charCodeAt(0));
  return value instanceof Uint8Array ? value : new Uint8Array(0);
}

function wrong(message: string): never {
  throw new PickleError('corrupt', message);
}
