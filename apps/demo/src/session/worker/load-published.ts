import { fromPretrained } from '@residual/classifier';
import type { Engine } from '@residual/compile';
import type { WeightsName } from '@residual/weights/catalogue';
import type { LoadedClassifier } from './load-classifier.ts';
import type { Handling, WeightsChoice } from './protocol.ts';

/** Weights of the catalogue or at an address: from the cache, or downloaded into it. */
export async function loadPublished(
  weights: Extract<WeightsChoice, { kind: 'published' | 'address' }>,
  model: string | undefined,
  engines: readonly Engine[],
  { report, signal }: Handling,
): Promise<LoadedClassifier> {
  const subject = weights.kind === 'published' ? weights.id : weights.address;
  report({ step: 'download', subject });
  let beginMs = performance.now();
  const [from, name] = weights.kind === 'published' ? weights.id.split('/') : [weights.address, undefined];
  const classifier = await fromPretrained(from!, {
    ...(name !== undefined && { weights: name as WeightsName }),
    ...(model !== undefined && { model }),
    engines,
    signal,
    onProgress: (event) => {
      if (event.status === 'progress_total' && event.total > 0)
        report({ step: 'download', subject, fraction: event.loaded / event.total });
      if (event.status !== 'ready') return;
      beginMs = performance.now();
      report({ step: 'build', subject });
    },
  });
  return { classifier, source: subject, format: undefined, buildMs: performance.now() - beginMs };
}
