import { concatBytes } from '../concat-bytes.ts';
import type { HostData, StateDict } from '../host-tensor.ts';
import { contiguousStride } from '../weights-index.ts';

/** The pickle (protocol 2) of an OrderedDict of tensors, the i-th in storage `i`, as `torch.load` takes it. */
export function writePickle(dict: StateDict): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const op = (...bytes: number[]) => parts.push(Uint8Array.from(bytes));
  const ascii = (text: string) => parts.push(new TextEncoder().encode(text));
  const global = (module: string, name: string) => ascii(`c${module}\n${name}\n`);
  const uint32 = (value: number) => op(...new Uint8Array(Uint32Array.of(value).buffer));
  const text = (value: string) => {
    const bytes = new TextEncoder().encode(value);
    op(0x58); // BINUNICODE
    uint32(bytes.length);
    parts.push(bytes);
  };
  const integer = (value: number) => {
    op(0x8a, 8); // LONG1
    parts.push(new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));
  };
  const tuple = (values: readonly number[]) => {
    op(0x28); // MARK
    values.forEach(integer);
    op(0x74); // TUPLE
  };

  op(0x80, 2); // PROTO
  global('collections', 'OrderedDict');
  op(0x29, 0x52, 0x28); // EMPTY_TUPLE, REDUCE, MARK
  let key = 0;
  for (const [name, { shape, data }] of dict) {
    text(name);
    global('torch._utils', '_rebuild_tensor_v2');
    op(0x28, 0x28); // MARK, MARK
    text('storage');
    global('torch', storageName(data));
    text(String(key++));
    text('cpu');
    integer(data.length);
    op(0x74, 0x51); // TUPLE, BINPERSID
    integer(0);
    tuple(shape);
    tuple(contiguousStride(shape));
    op(0x89); // NEWFALSE: requires_grad
    global('collections', 'OrderedDict');
    op(0x29, 0x52, 0x74, 0x52); // EMPTY_TUPLE, REDUCE, TUPLE, REDUCE
  }
  op(0x75, 0x2e); // SETITEMS, STOP
  return concatBytes(parts);
}

function storageName(data: HostData): string {
  if (data instanceof Float32Array) return 'FloatStorage';
  if (data instanceof Float64Array) return 'DoubleStorage';
  if (data instanceof BigInt64Array) return 'LongStorage';
  if (data instanceof Int32Array) return 'IntStorage';
  if (data instanceof Int16Array) return 'ShortStorage';
  return data instanceof Int8Array ? 'CharStorage' : 'ByteStorage';
}
