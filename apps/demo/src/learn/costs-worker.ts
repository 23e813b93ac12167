import { shapesOnly } from '@residual/blocks';
import { summary, traceModel } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { NetworkCost } from './protocol.ts';

const EDGE_PX = 224;

addEventListener('message', async ({ data }: MessageEvent<readonly string[]>) => {
  const costs = await Promise.all(data.map(costOf));
  postMessage(costs satisfies readonly NetworkCost[]);
});

async function costOf(name: string): Promise<NetworkCost> {
  const spec = getSpec(name);
  const graph = await traceModel(new ResNet(spec, { vars: shapesOnly }), { endpoints: ['logits'], sizePx: EDGE_PX });
  const { parameters, multiplyAdds } = summary(graph);
  const block = spec.block.expansion === 1 ? 'BasicBlock' : 'Bottleneck';
  return { name, block, depths: spec.depths, parameters, multiplyAdds };
}
