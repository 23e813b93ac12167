import type { MapEndpoint } from '@residual/resnet';
import { type PixelImage, resizeAndCrop } from '@residual/vision';
import { BATCH_PIXELS, type Classifier } from '../classifier.ts';
import { ClassifierError } from '../classifier-error.ts';
import type { Network } from '../network.ts';
import type { ExplainMethod, ExplainOptions, Explanation } from './explanation.ts';
import { gradCam, gradCamPlusPlus, type LayerGradient } from './grad-cam.ts';
import { earlierGradient, lastStageGradient } from './layer-gradient.ts';
import { occlusion } from './occlusion.ts';
import { type Question, questionOf } from './question.ts';
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
  const layers = classifier.endpoints.filter((name): name is MapEndpoint => name !== 'pooled' && name !== 'logits');
  const layer = layerOf(layers, options);
  const last = layers.at(-1)!;
  const head = classifier.endpoints.filter((name) => name === 'pooled' || name === 'logits');
  const [outputs] = await classifier.forwardIntermediates([input], [last, ...head], running);
  const question = questionOf(classifier, options, outputs!);
  const { index, label } = question;
  const score = question.scoreOf(outputs![question.endpoint]!.data);
  const target = { index, label: label as Label, score };
  if (method === 'occlusion') {
    const { cropPx } = classifier.preset;
    const map = await occlusion({
      input,
      edgePx: cropPx,
      score,
      patchPx: options.patchPx ?? Math.ceil(cropPx / 5),
      batchSize: Math.max(classifier.batchSize, Math.floor(BATCH_PIXELS / cropPx ** 2)),
      scoresOf: async (inputs) => {
        const rows = await classifier.forwardIntermediates(inputs, [question.endpoint], running);
        return rows.map((row) => question.scoreOf(row[question.endpoint].data));
      },
    });
    return { target, method, layer: undefined, map };
  }
  const known = layer === last ? await lastStageGradient(network, outputs![last]!, question) : undefined;
  const gradient = known ?? (await gradientWithin(classifier, input, layer, question));
  signal?.throwIfAborted();
  return { target, method, layer, map: weighings[method](gradient) };
}

function gradientWithin(
  classifier: Classifier,
  data: Float32Array,
  layer: MapEndpoint,
  question: Question,
): Promise<LayerGradient> {
  const { cropPx } = classifier.preset;
  const shape: [number, number, number] = [cropPx, cropPx, classifier.inChannels];
  return earlierGradient(() => classifier.model, { data, shape }, layer, question);
}

function layerOf(
  layers: readonly MapEndpoint[],
  { layer, method = 'grad-cam' }: Pick<ExplainOptions, 'layer' | 'method'>,
): MapEndpoint {
  if (!methods.includes(method))
    throw new ClassifierError('BAD_OPTION', `method: expected one of ${methods.join(', ')}, got '${method}'`);
  if (layer === undefined) return layers.at(-1)!;
  if (method === 'occlusion')
    throw new ClassifierError('BAD_OPTION', `layer: occlusion looks at no layer, got '${layer}'; leave it out`);
  if (layers.includes(layer)) return layer;
  throw new ClassifierError('BAD_OPTION', `layer: expected one of ${layers.join(', ')}, got '${layer}'`);
}
