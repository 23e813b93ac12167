import { defaultPreset } from '@residual/classifier';
import { formatSummary, summary, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { Tensor4D } from '@tensorflow/tfjs-core';

/** Prints what a variant costs for one picture of its usual size. */
export async function summarize(name: string, { json = false }: { json?: boolean }): Promise<void> {
  const spec = getSpec(name);
  const { cropPx } = defaultPreset(spec);
  const graph = await trace((t) => {
    const model = new ResNet(spec, {
      vars: (path, { shape, trainable }) => t.parameter(path, shape, { trainable }),
    });
    return { logits: model.forward(t.input('image', [1, cropPx, cropPx, 3]) as Tensor4D) };
  });
  const counts = summary(graph);
  process.stdout.write(`${json ? JSON.stringify(counts) : formatSummary(counts)}\n`);
}
