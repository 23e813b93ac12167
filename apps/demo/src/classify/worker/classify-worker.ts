import { type Classifier, WeightsMismatchError } from '@residual/classifier';
import { decodeBlob, type PixelImage } from '@residual/vision';
import { loadClassifier } from './load-classifier.ts';
import { modelFamilies } from './model-families.ts';
import type { Handlers, Problem, Progress, ReplyMessage, RequestMessage } from './protocol.ts';
import { startDevice } from './start-device.ts';

let classifier: Classifier | undefined;
let image: PixelImage | undefined;
let hasRun = false;

const handlers: Handlers = {
  async start(names, report) {
    report({ step: 'start' });
    return { device: await startDevice(names), families: await modelFamilies() };
  },

  /** The model before stays where the new one cannot be loaded. */
  async load({ file, model }, report) {
    const loaded = await loadClassifier(file, model, report);
    classifier?.dispose();
    classifier = loaded.classifier;
    hasRun = false;
    return loaded.report;
  },

  /** As it is shown: turned as the camera says. */
  async decode(blob, report) {
    report({ step: 'decode' });
    image = undefined;
    image = await decodeBlob(blob, { orient: true });
    return { width: image.width, height: image.height };
  },

  async classify(_, report) {
    if (!classifier || !image) throw new Error('classify: expected weights and a picture, got none; choose both');
    const startMs = performance.now();
    const input = classifier.prepare(image);
    report({ step: hasRun ? 'run' : 'firstRun', subject: classifier.spec.name });
    const preparedMs = performance.now();
    const [logits] = await classifier.forward([input]);
    const forwardMs = performance.now() - preparedMs;
    const isFirstRun = !hasRun;
    hasRun = true;
    return { predictions: classifier.predict(logits!), prepareMs: preparedMs - startMs, forwardMs, isFirstRun };
  },
};

/** One request after the other: a model is never replaced while it runs. */
let queue = Promise.resolve();

addEventListener('message', ({ data }: MessageEvent<RequestMessage>) => {
  queue = queue.then(() => answer(data));
});

async function answer({ id, name, argument }: RequestMessage): Promise<void> {
  const reply = (message: ReplyMessage) => postMessage(message);
  const handle = handlers[name] as (argument: unknown, report: (progress: Progress) => void) => Promise<unknown>;
  try {
    reply({ id, result: await handle(argument, (progress) => reply({ id, progress })) });
  } catch (error) {
    reply({ id, problem: describe(error) });
  }
}

function describe(error: unknown): Problem {
  const message = error instanceof Error ? error.message : String(error);
  return { message, suggestedModel: WeightsMismatchError.isInstance(error) ? error.fits[0] : undefined };
}
