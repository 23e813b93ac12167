import { Bottleneck } from '@residual/blocks';
import { summary, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { NetworkCost } from './protocol.ts';

const EDGE_PX = 224;

addEventListener('message', async ({ data }: MessageEvent<readonly string[]>) => {
  const costs = await Promise.all(data.map(costOf));
  postMessage(costs satisfies readonly NetworkCost[]);
});

async function costOf(name: string): Promise<NetworkCost> {
  const spec = getSpec(name);
  const graph = await trace((t) => {
    const net = new ResNet(spec, {
      vars: (path, { shape, trainable }) => t.parameter(path, shape, { trainable }),
    });
    return { logits: net.forward(t.input('image', [1, EDGE_PX, EDGE_PX, 3]) as Tensor4D) };
  });
  const { parameters, multiplyAdds } = summary(graph);
  const block = spec.block === Bottleneck ? 'Bottleneck' : 'BasicBlock';
  return { name, block, depths: spec.depths, parameters, multiplyAdds };
}
