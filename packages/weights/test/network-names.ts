import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sourceFromBytes } from '../src/byte-source.ts';
import { findNetworks } from '../src/networks/find-networks.ts';
import type { FoundNetwork } from '../src/networks/found-network.ts';
import { contiguousStride, countElements, type TensorEntry, type WeightsIndex } from '../src/weights-index.ts';

/** Shapes by names. */
export type Names = ReadonlyMap<string, readonly number[]>;

/** Lists of names and shapes by title, made by tooling/golden/network_names.py. */
export function goldenNames(): ReadonlyMap<string, Names> {
  const text = gunzipSync(readFileSync(resolve(import.meta.dirname, '../golden/network-names.txt.gz'))).toString();
  const lists = text.split('# ').slice(1);
  return new Map(
    lists.map((list) => {
      const [title, ...lines] = list.trim().split('\n');
      const entries = lines.map((line) => {
        const [, name, shape] = /^(\S+) \[(.*)\]$/.exec(line)!;
        return [name!, shape === '' ? [] : shape!.split(' ').map(Number)] as const;
      });
      return [title!, new Map(entries)];
    }),
  );
}

/** An entry of float32 in a storage of its own. */
export function entryOf(shape: readonly number[]): TensorEntry {
  const storage = { offset: 0, sizeBytes: 4 * countElements(shape) };
  return { dtype: 'float32', shape, stride: contiguousStride(shape), offset: 0, storage };
}

/** The index of a file that has these state dicts by path. */
export function indexOf(
  dicts: Readonly<Record<string, Names>>,
  facts: Readonly<Record<string, string | number>> = {},
): WeightsIndex {
  const stateDicts = Object.entries(dicts).map(([path, names]) => ({
    path,
    tensors: new Map([...names].map(([name, shape]) => [name, entryOf(shape)])),
  }));
  return { format: 'pytorch-zip', stateDicts, facts: new Map(Object.entries(facts)), metadata: {}, notes: [] };
}

/** The networks in a file that has these state dicts by path. */
export function findIn(
  dicts: Readonly<Record<string, Names>>,
  facts: Readonly<Record<string, string | number>> = {},
): readonly FoundNetwork[] {
  return findNetworks(sourceFromBytes(new Uint8Array(0)), indexOf(dicts, facts));
}

/** Shapes by names of what was found. */
export function namesOf({ tensors }: FoundNetwork): Names {
  return new Map([...tensors].map(([name, { shape }]) => [name, shape]));
}

/** The same under a prefix. */
export function prefixed(prefix: string, names: Names): Names {
  return new Map([...names].map(([name, shape]) => [`${prefix}${name}`, shape]));
}
