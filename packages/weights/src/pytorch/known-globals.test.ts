import { expect, test } from 'vitest';
import { sourceFromBytes } from '../byte-source.ts';
import { readTensors } from '../read-tensors.ts';
import { readWeightsIndex } from '../read-weights-index.ts';

// What torch 2 writes, which the torch that makes the golden files can't; opcodes and operands, one character a byte.
const text = (value: string) => `\x8c${String.fromCharCode(value.length)}${value}`;

/** A file of `torch.save` in the old container, with a storage of `bytes` under memo 0. */
function legacyFile(value: string, bytes: readonly number[]): Uint8Array {
  const size = String.fromCharCode(bytes.length);
  const storage = `(${text('storage')}ctorch.storage\nUntypedStorage\n${text('0')}${text('cpu')}K${size}tQq\x000`;
  const head = '\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}.';
  const tail = `\x80\x02]${text('0')}a.${size}${'\0'.repeat(7)}${String.fromCharCode(...bytes)}`;
  return Uint8Array.from(`${head}\x80\x04${storage}${value}.${tail}`, (char) => char.charCodeAt(0));
}

async function tensorsOf(bytes: Uint8Array): Promise<Record<string, number[]>> {
  const source = sourceFromBytes(bytes);
  const { stateDicts } = await readWeightsIndex(source);
  const values: Record<string, number[]> = {};
  for await (const [name, { data }] of readTensors(source, stateDicts[0]!.tensors))
    values[name] = Array.from(data, Number);
  return values;
}

const hooks = 'ccollections\nOrderedDict\n)R';
const view = (dtype: string, offset: number, size: number) =>
  `ctorch._utils\n_rebuild_tensor_v3\n(h\x00K${String.fromCharCode(offset)}K${String.fromCharCode(size)}\x85K\x01\x85\x89${hooks}ctorch\n${dtype}\nNtR`;

test('float8 in an untyped storage is widened, as it is in safetensors', async () => {
  const dict = `}(${text('a')}${view('float8_e4m3fn', 0, 2)}${text('b')}${view('float8_e5m2', 2, 2)}u`;
  expect(await tensorsOf(legacyFile(dict, [0x38, 0xfe, 0x3d, 0x7b]))).toEqual({ a: [1, -448], b: [1.25, 57344] });
});

test('a type that is not known is named where it stands', async () => {
  const dict = `}(${text('a')}${view('float8_e4m3fn', 0, 2)}${text('b')}${view('float4_e2m1fn_x2', 2, 2)}u`;
  await expect(tensorsOf(legacyFile(dict, [0, 0, 0, 0]))).rejects.toThrow(
    'b: expected a tensor that torch rebuilds from its numbers, got one that torch.float4_e2m1fn_x2 makes',
  );
});

test('a tensor of another device comes as the NumPy array or the tensor that it was saved as', async () => {
  const dtype = `cnumpy\ndtype\n${text('f4')}\x89\x88\x87R(K\x03${text('<')}NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb`;
  const array = `cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01K\x01\x85${dtype}\x89C\x04\0\0\x80?tb`;
  const fromNumpy = `ctorch._utils\n_rebuild_device_tensor_from_numpy\n(${array}ctorch\nfloat32\n${text('xla:0')}\x89tR`;
  const fromTensor = `ctorch._utils\n_rebuild_device_tensor_from_cpu_tensor\n(${view('float32', 0, 1)}ctorch\nfloat32\n${text('mtia')}\x89tR`;
  const dict = `}(${text('a')}${fromNumpy}${text('b')}${fromTensor}u`;
  expect(await tensorsOf(legacyFile(dict, [0, 0, 0x20, 0xc0]))).toEqual({ a: [1], b: [-2.5] });
});

test('a tensor of the meta device, which has no numbers, is named', async () => {
  const meta = 'ctorch._utils\n_rebuild_meta_tensor_no_storage\n(ctorch\nfloat32\nK\x02\x85K\x01\x85\x89tR';
  const dict = `}(${text('a')}${view('float32', 0, 1)}${text('b')}${meta}u`;
  await expect(tensorsOf(legacyFile(dict, [0, 0, 0, 0]))).rejects.toThrow(
    'b: expected a tensor that torch rebuilds from its numbers, got one that torch._utils._rebuild_meta_tensor_no_storage makes',
  );
});
