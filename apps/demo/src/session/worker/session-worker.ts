import type { FollowedFrame } from '@residual/backend-webgpu/runtime';
import { type Classifier, ClassifierError, WeightsMismatchError } from '@residual/classifier';
import { type Engine, firstAvailable } from '@residual/compile';
import type { MapEndpoint } from '@residual/resnet';
import { decodeBlob, type PixelImage, readBitmap, readOrientation } from '@residual/vision';
import { listWeights } from '@residual/weights/catalogue';
import { countDispatches } from './count-dispatches.ts';
import { type Compiled, enginesOf } from './engines.ts';
import { useGradients } from './gradients.ts';
import { type LoadedClassifier, loadClassifier } from './load-classifier.ts';
import { modelFamilies } from './model-families.ts';
import { partsOf, timeParts, traceNetwork } from './network-parts.ts';
import {
  type Answer,
  BATCH_SIZE,
  type EngineName,
  type Handlers,
  type Handling,
  type ListedAnswer,
  type LoadedModel,
  type Problem,
  type Progress,
  type ReplyMessage,
  type RequestMessage,
} from './protocol.ts';

let engines: readonly Engine[] = [];
let classifier: Classifier | undefined;
let compiled: Compiled | undefined;
let image: PixelImage | undefined;
let hasRun = false;
/** What is told of the compilation under way. */
let reportCompiled: ((fraction: number) => void) | undefined;

const handlers: Handlers = {
  async start(names, { report }) {
    report({ step: 'start' });
    engines = enginesOf(names, {
      onProgress: ({ done, total }) => reportCompiled?.(done / total),
      onCompiled: (now) => {
        compiled = now;
      },
    });
    const { engine, passedOver } = await firstAvailable(engines);
    const published = listWeights().map(({ id, sizeMiB }) => ({ id, sizeMiB }));
    return { engine: engine.name as EngineName, passedOver, families: await modelFamilies(), published };
  },

  /** The model before stays where the new one cannot be loaded. */
  async load(wanted, handling) {
    reportCompiled = (fraction) => handling.report({ step: 'compile', fraction });
    const loaded = await loadClassifier(wanted, engines, handling);
    handling.signal.throwIfAborted();
    await classifier?.dispose();
    classifier = loaded.classifier;
    hasRun = false;
    return describeModel(loaded, wanted.model === undefined && wanted.weights.kind !== 'embedded');
  },

  /** As it is shown: turned as the camera says. */
  async decode(blob, { report }) {
    report({ step: 'decode' });
    image = undefined;
    image = await decodeBlob(blob, { orient: true });
    const orientation = readOrientation(new Uint8Array(await blob.arrayBuffer()));
    return { width: image.width, height: image.height, orientation };
  },

  classify: (_, { report }) => answer(needed().image, report),

  classifyBatch: (blobs) => answerBatch(needed().classifier, blobs),

  async frame(frame, { report }) {
    try {
      return await answer(frame, report);
    } finally {
      frame.close();
    }
  },

  async explain({ target, layer }, { report, signal }) {
    const { classifier, image } = needed();
    report({ step: 'explain', subject: layer });
    const explain = () => classifier.explain(image, { layer, signal, ...(target !== undefined && { target }) });
    return explain().catch(async (error: unknown) => {
      if (!ClassifierError.isInstance(error) || !/^NO_(BACKEND|GRADIENTS)$/.test(error.code)) throw error;
      await useGradients();
      return explain();
    });
  },

  async features(layer, { report, signal }) {
    const { classifier, image } = needed();
    report({ step: 'run', subject: layer });
    const found = await classifier.features(image, { layers: [layer], signal });
    return found[layer]!;
  },

  async parts() {
    return partsOf(await traceNetwork(needed().classifier));
  },

  async partTimes(_, { report }) {
    const { classifier } = needed();
    const engine = engines.find(({ name }) => name === classifier.engine!.name)!;
    const measuring = compiled;
    const times = await timeParts(await traceNetwork(classifier), engine, (fraction) =>
      report({ step: 'measure', subject: classifier.spec.name, fraction }),
    );
    compiled = measuring;
    return times;
  },

  async gpuReport({ pictures, engines }, { report }) {
    const { classifier } = needed();
    report({ step: 'measure', subject: classifier.spec.name });
    const { gpuReport } = await import('@residual/backend-webgpu/report');
    const images: Float32Array[] = [];
    for (const picture of pictures) images.push(classifier.prepare(await decodeBlob(picture, { orient: true })));
    const { graph, weights } = compiled!;
    const { spec, preset } = classifier;
    const network = { model: spec.name, sizePx: preset.cropPx, graph, weights };
    const [first, ...others] = images as [Float32Array, ...Float32Array[]];
    return gpuReport({ ...network, images: [first, ...others] }, { runtime: navigator.userAgent, engines });
  },

  async measure({ runs }, { report }) {
    const { classifier, image } = needed();
    const input = [classifier.prepare(image)];
    const timesMs: number[] = [];
    let logits: Float32Array = new Float32Array();
    const run = async (): Promise<void> => {
      const beginMs = performance.now();
      [logits] = (await classifier.forward(input)) as [Float32Array];
      timesMs.push(performance.now() - beginMs);
      report({ step: 'measure', subject: classifier.engine!.name, fraction: timesMs.length / (runs + 1) });
    };
    for (let count = 0; count < runs; count++) await run();
    const dispatches = await countDispatches(run);
    const [firstMs, ...warmMs] = timesMs as [number, ...number[]];
    return {
      firstMs,
      warmMs: warmMs.sort((a, b) => a - b)[Math.floor(warmMs.length / 2)]!,
      memoryBytes: compiled!.info.gpu?.bytes ?? compiled!.info.weightBytes,
      dispatches,
      logits,
    };
  },
};

/** What is less than a whole batch goes in halves of one, each of which has a plan of its own. */
async function answerBatch(classifier: Classifier, blobs: readonly Blob[]): Promise<ListedAnswer[]> {
  const prepared: ({ input: Float32Array; ms: number } | { problem: Problem })[] = [];
  for (const blob of blobs) {
    const startMs = performance.now();
    try {
      const input = classifier.prepare(await decodeBlob(blob, { orient: true }));
      prepared.push({ input, ms: performance.now() - startMs });
    } catch (error) {
      prepared.push({ problem: describe(error, false) });
    }
  }
  const inputs = prepared.flatMap((one) => ('input' in one ? [one.input] : []));
  const startMs = performance.now();
  const rows = await classifier.forward(inputs, { batchSize: BATCH_SIZE, halves: true });
  const partMs = (performance.now() - startMs) / inputs.length;
  const waiting = rows.values();
  return prepared.map((one) => {
    if ('problem' in one) return one;
    const [prediction] = classifier.predict(waiting.next().value!, 1);
    return { prediction: prediction!, ms: one.ms + partMs };
  });
}

/** By an engine that resizes pictures itself, in one go with that. */
async function answer(picture: PixelImage | FollowedFrame, report: Handling['report']): Promise<Answer> {
  const { classifier } = needed();
  const isFirstRun = !hasRun;
  const progress: Progress = { step: hasRun ? 'run' : 'firstRun', subject: classifier.spec.name };
  const startMs = performance.now();
  if (classifier.engine!.preparesPictures) {
    report(progress);
    const predictions = await classifier.classify(picture);
    hasRun = true;
    return { predictions, prepareMs: undefined, forwardMs: performance.now() - startMs, isFirstRun };
  }
  const input = classifier.prepare('data' in picture ? picture : await pixelsOf(picture));
  report(progress);
  const preparedMs = performance.now();
  const [logits] = await classifier.forward([input]);
  const forwardMs = performance.now() - preparedMs;
  hasRun = true;
  return { predictions: classifier.predict(logits!), prepareMs: preparedMs - startMs, forwardMs, isFirstRun };
}

async function pixelsOf(frame: FollowedFrame): Promise<PixelImage> {
  const bitmap = await createImageBitmap(frame);
  try {
    return readBitmap(bitmap);
  } finally {
    bitmap.close();
  }
}

/** The model, and the picture where there is one. */
function needed(): { classifier: Classifier; readonly image: PixelImage } {
  if (!classifier) throw new Error('expected weights, got none; choose some');
  return {
    classifier,
    get image() {
      if (!image) throw new Error('expected a picture, got none; choose one');
      return image;
    },
  };
}

async function describeModel(loaded: LoadedClassifier, recognised: boolean): Promise<LoadedModel> {
  const { spec, labels, endpoints, preset, loadReport, notes, warnings, engine } = loaded.classifier;
  const parts = partsOf(await traceNetwork(loaded.classifier));
  return {
    model: spec.name,
    recognised,
    source: loaded.source,
    format: loaded.format,
    parameterCount: parts.reduce((sum, { parameters }) => sum + parameters, 0),
    labels,
    layers: endpoints.filter((name): name is MapEndpoint => name !== 'pooled' && name !== 'logits'),
    cropPx: preset.cropPx,
    missing: loadReport?.missing ?? [],
    unexpected: loadReport?.unexpected ?? [],
    notes,
    warnings,
    engine: engine!,
    buildMs: loaded.buildMs,
  };
}

/** One request after the other, so that a model is never replaced while it runs; but frames overlap. */
let queue: Promise<unknown> = Promise.resolve();
let frames: Promise<unknown> = Promise.resolve();
const cancellers = new Map<number, AbortController>();

addEventListener('message', ({ data }: MessageEvent<RequestMessage>) => {
  if ('isCancelled' in data) return cancellers.get(data.id)?.abort();
  cancellers.set(data.id, new AbortController());
  if (data.name === 'frame') {
    const handled = queue.then(() => handle(data));
    // Without a result, which would keep those of all frames before.
    frames = Promise.all([frames, handled]).then(() => undefined);
  } else queue = Promise.all([queue, frames]).then(() => handle(data));
});

async function handle({ id, name, argument }: Extract<RequestMessage, { name: unknown }>): Promise<void> {
  const reply = (message: ReplyMessage) => postMessage(message);
  const handler = handlers[name] as (argument: unknown, handling: Handling) => Promise<unknown>;
  const { signal } = cancellers.get(id)!;
  try {
    signal.throwIfAborted();
    reply({ id, result: await handler(argument, { report: (progress) => reply({ id, progress }), signal }) });
  } catch (error) {
    reply({ id, problem: describe(error, signal.aborted) });
  } finally {
    cancellers.delete(id);
  }
}

function describe(error: unknown, isCancelled: boolean): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { message, isCancelled, suggestedModel: WeightsMismatchError.isInstance(error) ? error.fits[0] : undefined };
}
