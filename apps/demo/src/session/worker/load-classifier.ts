import { type Classifier, createClassifier } from '@residual/classifier';
import type { Engine } from '@residual/compile';
import { type ByteSource, readStateDict, sourceFromBlob, sourceFromBytes } from '@residual/weights';
import type { Handling, Requests } from './protocol.ts';

export interface LoadedClassifier {
  readonly classifier: Classifier;
  readonly source: string;
  readonly format: string | undefined;
  /** From weights in memory to a network that is ready. */
  readonly buildMs: number;
}

/** Gets weights and builds their model; where none is named, the weights tell. */
export async function loadClassifier(
  { weights, model }: Requests['load']['argument'],
  engines: readonly Engine[],
  handling: Handling,
): Promise<LoadedClassifier> {
  switch (weights.kind) {
    case 'file': {
      const { file } = weights;
      return fromSource(sourceFromBlob(file), file.name, model, engines, handling);
    }
    case 'embedded': {
      const { card, readWeights } = await import('@residual/weights-cifar10');
      handling.report({ step: 'read', subject: card.model });
      const bytes = new Uint8Array(await readWeights());
      return fromSource(sourceFromBytes(bytes, card.model), card.model, model ?? card.model, engines, handling);
    }
    default: {
      const { loadPublished } = await import('./load-published.ts');
      return loadPublished(weights, model, engines, handling);
    }
  }
}

async function fromSource(
  bytes: ByteSource,
  name: string,
  model: string | undefined,
  engines: readonly Engine[],
  { report, signal }: Handling,
): Promise<LoadedClassifier> {
  let doneBytes = 0;
  report({ step: 'read', subject: name, fraction: 0 });
  const weights = await readStateDict({
    ...bytes,
    read: async (offset, length) => {
      signal.throwIfAborted();
      const part = await bytes.read(offset, length);
      doneBytes += part.byteLength;
      report({ step: 'read', subject: name, fraction: Math.min(1, doneBytes / bytes.sizeBytes) });
      return part;
    },
  });
  signal.throwIfAborted();
  report({ step: 'build', ...(model === undefined ? {} : { subject: model }) });
  const beginMs = performance.now();
  const named = model === undefined ? {} : { model };
  const classifier = await createClassifier({ ...named, weights, source: name, engines });
  return { classifier, source: name, format: weights.format, buildMs: performance.now() - beginMs };
}
