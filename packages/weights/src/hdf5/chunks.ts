import { type Hdf5File, signature, uint64, undefinedAddress } from './hdf5-file.ts';

const maxLevels = 16;
const maxChunks = 1_000_000;

/** Where a chunk of a dataset lies, and where its first element stands. */
export interface Chunk {
  readonly offset: number;
  readonly sizeBytes: number;
  /** Bits of the filters that it did not go through. */
  readonly skipped: number;
  readonly at: readonly number[];
}

/**
 * Reads the tree that lists a dataset's chunks.
 *
 * @throws WeightsFormatError where it is damaged.
 */
export async function readChunks(file: Hdf5File, name: string, tree: number, rank: number): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  if (tree === undefinedAddress) return chunks;
  const keyBytes = 8 + 8 * (rank + 1);
  const nodes = [{ address: tree, level: maxLevels }];
  const seen = new Set<number>();
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (seen.has(node.address)) throw file.corrupt(`${name}: expected each node of its chunks once`);
    seen.add(node.address);
    const start = await file.view(node.address, 8, name);
    const level = start.getUint8(5);
    const count = start.getUint16(6, true);
    if (signature(start) !== 'TREE' || start.getUint8(4) !== 1 || level >= node.level) {
      throw file.corrupt(`${name}: expected a tree of its chunks`);
    }
    const entries = await file.view(node.address + 24, count * (keyBytes + 8), name);
    if (chunks.length + count > maxChunks) throw file.corrupt(`${name}: expected at most ${maxChunks} chunks`);
    for (let i = 0; i < count; i++) {
      const key = i * (keyBytes + 8);
      const child = uint64(entries, key + keyBytes);
      if (level > 0) nodes.push({ address: child, level });
      else {
        chunks.push({
          offset: child,
          sizeBytes: entries.getUint32(key, true),
          skipped: entries.getUint32(key + 4, true),
          at: Array.from({ length: rank }, (_, axis) => uint64(entries, key + 8 + 8 * axis)),
        });
      }
    }
  }
  return chunks;
}
