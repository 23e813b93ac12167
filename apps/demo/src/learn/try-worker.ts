import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { randomVars, shapesOnly } from '@residual/blocks';
import { summary, traceModel } from '@residual/compile';
import { cifarPlainSpec, cifarResNetSpec, partOf, ResNet, type ResNetSpec } from '@residual/resnet';
import {
  losses,
  oneHot,
  range,
  type Scalar,
  setBackend,
  type Tensor,
  type Tensor4D,
  tensor4d,
  valueAndGrads,
} from '@tensorflow/tfjs-core';
import { SIZE_PX, toyPictures } from '../lab/toy-pictures.ts';
import type { TriedCosts, TriedNet, TriedPart } from './try-protocol.ts';

const CLASSES = 10;
const SEED = 1;
const EDGE_PX = 32;

addEventListener('message', ({ data }: MessageEvent<TriedNet>) => {
  count(data).catch((error: unknown) => postMessage({ problem: String(error) }));
});

async function count(data: TriedNet): Promise<void> {
  const spec = data.shortcut === 'none' ? cifarPlainSpec(data.depth) : cifarResNetSpec(data.depth, data.shortcut);
  const model = new ResNet(spec, { vars: shapesOnly });
  const { parameters, multiplyAdds, layers } = summary(
    await traceModel(model, { endpoints: ['logits'], sizePx: EDGE_PX }),
  );
  const parts = new Map<string, TriedPart>();
  // What reads no parameter, such as a padding, may be the next part's.
  for (const layer of layers.filter((each) => each.parameters > 0)) {
    const name = partOf(model, layer.label);
    const counted = layer.parameters + (parts.get(name)?.parameters ?? 0);
    parts.set(name, { name, outputShape: layer.outputShape, parameters: counted, gradient: undefined });
  }
  const tell = (known: readonly TriedPart[]): void =>
    postMessage({ costs: { net: data, parameters, multiplyAdds, parts: known } satisfies TriedCosts });
  tell([...parts.values()]);
  const gradients = await gradientsOf(spec);
  tell([...parts.values()].map((part) => ({ ...part, gradient: gradients.get(part.name) })));
}

/** By part: of a step forward and back over the lab's pictures, one of each class, from Kaiming's weights. */
async function gradientsOf(spec: ResNetSpec): Promise<ReadonlyMap<string, number>> {
  await setBackend('cpu');
  const variables = new Map<string, Tensor>();
  const random = randomVars({ seed: SEED });
  const model = new ResNet(spec, {
    vars: (path, wanted) => {
      const made = random(path, wanted);
      variables.set(path, made);
      return made;
    },
  });
  const images = await pictures();
  const filters = [...variables].filter(([, { rank }]) => rank > 1);
  const { grads } = valueAndGrads(() => {
    const logits = model.forward(images, { training: true, updates: new Map() });
    return losses.softmaxCrossEntropy(oneHot(range(0, CLASSES, 1, 'int32'), CLASSES), logits) as Scalar;
  })(filters.map(([, tensor]) => tensor));
  const values = new Map<string, ArrayLike<number>[]>();
  for (const [index, [path]] of filters.entries()) {
    const name = partOf(model, path);
    values.set(name, [...(values.get(name) ?? []), grads[index]!.dataSync()]);
  }
  return new Map([...values].map(([name, lists]) => [name, rootMeanSquare(lists)]));
}

function rootMeanSquare(lists: readonly ArrayLike<number>[]): number {
  let [squares, count] = [0, 0];
  for (const list of lists) {
    for (let index = 0; index < list.length; index++) squares += list[index]! ** 2;
    count += list.length;
  }
  return Math.sqrt(squares / count);
}

async function pictures(): Promise<Tensor4D> {
  const data = toyPictures(CLASSES, SEED);
  const pixels = new Float32Array(CLASSES * SIZE_PX * SIZE_PX * 3);
  for (let index = 0; index < CLASSES; index++) {
    const { image } = await data.read(index);
    pixels.set(
      Float32Array.from(image.data, (value) => (value / 255 - 0.5) / 0.25),
      index * SIZE_PX * SIZE_PX * 3,
    );
  }
  return tensor4d(pixels, [CLASSES, SIZE_PX, SIZE_PX, 3]);
}
