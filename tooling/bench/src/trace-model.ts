import { type Graph, trace } from '@residual/compile';
import { ResNet, type ResNetSpec } from '@residual/resnet';
import type { Tensor4D } from '@tensorflow/tfjs-core';

/** A variant as a graph: `image` NHWC → `logits`; parameters by torchvision's names. */
export function traceModel(
  spec: ResNetSpec,
  { batch, sizePx, numClasses }: { batch: number; sizePx: number; numClasses: number },
): Promise<Graph> {
  return trace((t) => {
    const model = new ResNet(spec, { numClasses, vars: (path, { shape }) => t.parameter(path, shape) });
    return { logits: model.forward(t.input('image', [batch, sizePx, sizePx, 3]) as Tensor4D) };
  });
}
