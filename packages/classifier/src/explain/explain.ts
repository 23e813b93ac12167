import { type PixelImage, type Prediction, resizeAndCrop, softmax } from '@residual/vision';
import { BATCH_PIXELS, type Classifier } from '../classifier.ts';
import { ClassifierError } from '../classifier-error.ts';
import type { FeatureMap, Network } from '../network.ts';
import type { ExplainMethod, ExplainOptions, Explanation, Heatmap, MapEndpoint } from './explanation.ts';
import { gradCam, gradCamPlusPlus } from './grad-cam.ts';
import { earlierGradient, lastStageGradient } from './layer-gradient.ts';
import { occlusion } from './occlusion.ts';
import { toUnitRange, upsample } from './upsample.ts';

const weighings = { 'grad-cam': gradCam, 'grad-cam++': gradCamPlusPlus } as const;
const methods: readonly ExplainMethod[] = ['grad-cam', 'grad-cam++', 'occlusion'];

/** Where in a picture a classifier's network sees a class; see `Classifier.explain`. */
export async function explain<Label extends string>(
  classifier: Classifier<Label>,
  network: Network,
  image: PixelImage,
  options: ExplainOptions<Label>,
): Promise<Explanation<Label>> {
  const { cropPx } = classifier.preset;
  const input = classifier.prepare(image);
  const { target, map, method, layer } = await explainInput(classifier, network, input, options);
  const heatmap = upsample(toUnitRange(map), cropPx, cropPx);
  return { target, method, layer, map, heatmap, crop: resizeAndCrop(image, classifier.preset) };
}

/** An explanation without a picture, of what the network takes, `[cropPx, cropPx, channels]`. */
export async function explainInput<Label extends string>(
  classifier: Classifier<Label>,
  network: Network,
  input: Float32Array,
  options: ExplainOptions<Label>,
): Promise<Pick<Explanation<Label>, 'target' | 'method' | 'layer' | 'map'>> {
  const { method = 'grad-cam', signal } = options;
  const running = signal ? { signal } : {};
  const last = `layer${classifier.spec.depths.length}` as MapEndpoint;
  const layer = layerOf(classifier, options, last);
  const [outputs] = await classifier.forwardIntermediates([input], [last, 'logits'], running);
  const target = targetOf(classifier, outputs!.logits.data, options.target);
  if (method === 'occlusion') {
    const { cropPx } = classifier.preset;
    const map = await occlusion({
      input,
      edgePx: cropPx,
      classIndex: target.index,
      score: target.score,
      patchPx: options.patchPx ?? Math.ceil(cropPx / 5),
      batchSize: Math.max(classifier.batchSize, Math.floor(BATCH_PIXELS / cropPx ** 2)),
      forward: (inputs) => classifier.forward(inputs, running),
    });
    return { target, method, layer: undefined, map };
  }
  const map = await weighed(classifier, network, input, { layer, last, method, target, activations: outputs![last]! });
  signal?.throwIfAborted();
  return { target, method, layer, map };
}

async function weighed(
  classifier: Classifier,
  network: Network,
  input: Float32Array,
  parts: {
    readonly layer: MapEndpoint;
    readonly last: MapEndpoint;
    readonly method: keyof typeof weighings;
    readonly target: Prediction;
    readonly activations: FeatureMap;
  },
): Promise<Heatmap> {
  const { layer, last, method, target, activations } = parts;
  const { cropPx } = classifier.preset;
  const shape: [number, number, number] = [cropPx, cropPx, classifier.inChannels];
  const gradient =
    layer === last
      ? await lastStageGradient(network, activations, target.index)
      : await earlierGradient(() => classifier.model, { data: input, shape }, layer, target.index);
  return weighings[method](gradient);
}

function layerOf(
  classifier: Classifier,
  { layer, method = 'grad-cam' }: Pick<ExplainOptions, 'layer' | 'method'>,
  last: MapEndpoint,
): MapEndpoint {
  if (!methods.includes(method))
    throw new ClassifierError('BAD_OPTION', `method: expected one of ${methods.join(', ')}, got '${method}'`);
  const layers = ['stem', ...classifier.spec.depths.map((_, index) => `layer${index + 1}`)];
  if (layer === undefined) return last;
  if (method === 'occlusion')
    throw new ClassifierError('BAD_OPTION', `layer: occlusion looks at no layer, got '${layer}'; leave it out`);
  if (layers.includes(layer)) return layer;
  throw new ClassifierError('BAD_OPTION', `layer: expected one of ${layers.join(', ')}, got '${layer}'`);
}

function targetOf<Label extends string>(
  { labels }: Classifier<Label>,
  logits: Float32Array,
  target: Label | number | undefined,
): Prediction<Label> {
  const scores = softmax(logits);
  const index =
    typeof target === 'string'
      ? labels.indexOf(target)
      : (target ?? scores.indexOf(scores.reduce((most, score) => Math.max(most, score))));
  const label = labels[index];
  if (label !== undefined) return { index, label, score: scores[index]! };
  const expected = `expected a class's name or its index from 0 to ${labels.length - 1}`;
  throw new ClassifierError('BAD_OPTION', `target: ${expected}, got ${JSON.stringify(target)}; see labels`);
}
