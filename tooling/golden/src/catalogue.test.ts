import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { torchShape } from '@residual/blocks';
import { defaultPreset } from '@residual/classifier';
import { summary, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { ByteSource } from '@residual/weights';
import { readStateDict } from '@residual/weights';
import { listWeights } from '@residual/weights/catalogue';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';

const models = [...new Set(listWeights().map(({ model }) => model))];

describe('the catalogue counts what the network has', () => {
  test.each(models)('%s', async (name) => {
    const spec = getSpec(name);
    const graph = await trace((t) => {
      const vars = (path: string, { shape, trainable }: { shape: number[]; trainable: boolean }) =>
        t.parameter(path, shape, { trainable });
      return { logits: new ResNet(spec, { vars }).forward(t.input('image', [1, 224, 224, 3]) as Tensor4D) };
    });
    const { parameters, multiplyAdds } = summary(graph);
    for (const entry of listWeights(name)) {
      expect(entry.parameters, entry.id).toBe(parameters);
      // torchvision counts convolutions and matrices, to three decimals.
      if (entry.gigaMultiplyAdds) expect(multiplyAdds / 1e9, entry.id).toBeCloseTo(entry.gigaMultiplyAdds, 2);
    }
    const first = listWeights(name).find(({ publisher }) => publisher === 'torchvision');
    if (first !== undefined) expect(first.preset).toEqual(defaultPreset(spec));
  });
});

// Made by tooling/golden/hub_keys.py with timm 0.9.16 and transformers 4.36.2.
const packed = readFileSync(new URL('../golden/hub-keys.txt.gz', import.meta.url));
const lists = gunzipSync(packed).toString().split('# ').slice(1);

describe('a file with the very tensors of the hub’s has those of the variant, under torchvision’s names', () => {
  test.each(lists.map((list) => [list.split('\n')[0]!, list] as const))('%s', async (repo, list) => {
    const { tensors, scheme, notes } = await readStateDict(fileOf(list));
    const { model } = listWeights(repo)[0]!;
    expect(notes).toEqual([]);
    expect(scheme).toBe(repo.startsWith('microsoft') ? 'huggingface' : 'torchvision');
    const found = [...tensors].filter(([name]) => !name.endsWith('num_batches_tracked'));
    expect(new Map(found.map(([name, { shape }]) => [name, shape]))).toEqual(torchShapes(model));
    const counters = tensors.size - found.length;
    expect(counters).toBe(found.filter(([name]) => name.endsWith('running_var')).length);
  });

  test('there is one for each model of each publisher', () => {
    const listed = lists.map((list) => listWeights(list.split('\n')[0]!)[0]!);
    expect(new Set(listed.map(({ model }) => model))).toEqual(new Set(models));
    expect(listed.filter(({ publisher }) => publisher === 'microsoft')).toHaveLength(6);
  });
});

/** A safetensors file of zeros with these names and shapes, of which only the header is held. */
function fileOf(list: string): ByteSource {
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

function torchShapes(model: string): Map<string, number[]> {
  const shapes = new Map<string, number[]>();
  new ResNet(getSpec(model), {
    vars: (path, { layout, shape }) => {
      shapes.set(path, torchShape(layout, shape));
      return {} as Tensor;
    },
  });
  return shapes;
}
