import type { ByteSource } from '@residual/weights';

/** A safetensors file of zeros with the names and shapes of a list, after its title, of which only the header is held. */
export function fileOfList(list: string): ByteSource {
  const header: Record<string, object> = { __metadata__: { format: 'pt' } };
  let end = 0;
  let largest = 0;
  for (const line of list.trim().split('\n').slice(1)) {
    const [, name, dimensions] = /^(\S+) \[(.*)\]$/.exec(line)!;
    const shape = dimensions === '' ? [] : dimensions!.split(' ').map(Number);
    const isCounter = name!.endsWith('num_batches_tracked');
    const sizeBytes = shape.reduce((product, size) => product * size, isCounter ? 8 : 4);
    header[name!] = { dtype: isCounter ? 'I64' : 'F32', shape, data_offsets: [end, end + sizeBytes] };
    end += sizeBytes;
    largest = Math.max(largest, sizeBytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const start = new Uint8Array(8 + text.byteLength);
  new DataView(start.buffer).setBigUint64(0, BigInt(text.byteLength), true);
  start.set(text, 8);
  const zeros = new Uint8Array(largest);
  return {
    name: 'model.safetensors',
    sizeBytes: start.byteLength + end,
    read: async (offset, length) =>
      offset < start.byteLength ? start.subarray(offset, offset + length) : zeros.subarray(0, length),
  };
}
