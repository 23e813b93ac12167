import type { ByteSource } from './byte-source.ts';
import { itemSize } from './dtype.ts';
import type { HostData } from './host-tensor.ts';
import { readTensors } from './read-tensors.ts';
import { contiguousStride, countElements, type TensorEntry } from './weights-index.ts';

/**
 * A tensor of the shape of the first of others, computed from their data whenever it is read. It is of float64 where the
 * first is, else of float32; half floats are widened before.
 *
 * @param compute Makes a new array of that type from the others' elements; `name` is what errors call the tensor.
 */
export function deriveTensor(
  source: ByteSource,
  others: readonly TensorEntry[],
  compute: (data: readonly HostData[], name: string) => Float32Array | Float64Array,
): TensorEntry {
  const { shape, dtype: first } = others[0]!;
  const dtype = first === 'float64' ? 'float64' : 'float32';
  const read = async (name: string) => {
    const data: HostData[] = [];
    const named = new Map(others.map((entry, i) => [i === 0 ? name : `${name}, part ${i + 1}`, entry]));
    for await (const [, tensor] of readTensors(source, named)) data.push(tensor.data);
    return new Uint8Array(compute(data, name).buffer);
  };
  const sizeBytes = countElements(shape) * itemSize(dtype);
  return { dtype, shape, stride: contiguousStride(shape), offset: 0, storage: { sizeBytes, read } };
}
