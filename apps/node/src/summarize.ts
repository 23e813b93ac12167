import { assertFits, compare, type VarSpec } from '@residual/blocks';
import { defaultPreset } from '@residual/classifier';
import { formatSummary, summary, trace } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import { type NamedWeights, readWeights } from './weights/read-weights.ts';

export interface SummaryFlags {
  readonly json?: boolean;
  readonly weights?: string;
}

/**
 * Prints what a variant costs for one picture of its usual size; with weights, of theirs, and what is known of them.
 *
 * @throws StateDictError for weights of another variant.
 */
export async function summarize(
  name: string,
  { json = false, weights }: SummaryFlags,
  signal: AbortSignal,
): Promise<void> {
  const spec = getSpec(name);
  const named = weights === undefined ? undefined : await readWeights(spec, weights, signal);
  const { cropPx } = named?.preset ?? defaultPreset(spec);
  const numClasses = named?.weights.tensors.get('fc.weight')?.shape[0];
  const variables = new Map<string, { spec: VarSpec }>();
  const graph = await trace((t) => {
    const model = new ResNet(spec, {
      ...(numClasses !== undefined && { numClasses }),
      vars: (path, variable) => {
        variables.set(path, { spec: variable });
        return t.parameter(path, variable.shape, { trainable: variable.trainable });
      },
    });
    return { logits: model.forward(t.input('image', [1, cropPx, cropPx, 3]) as Tensor4D) };
  });
  if (named !== undefined) assertFits(compare(named.weights.tensors, variables));
  const counts = summary(graph);
  const facts = named && factsOf(named);
  const text = json ? JSON.stringify(facts ? { ...counts, weights: facts } : counts) : formatSummary(counts);
  process.stdout.write(`${text}\n`);
  if (json || facts === undefined) return;
  for (const [fact, value] of Object.entries(facts)) {
    if (value !== undefined) process.stdout.write(`${fact}: ${value}\n`);
  }
}

function factsOf({ source, weights }: NamedWeights): Readonly<Record<string, string | undefined>> {
  const { published, format, scheme, licence, sha256 } = weights;
  const best = published?.metrics[0];
  return {
    weights: source,
    format: `${format}, names of ${scheme}`,
    sha256,
    licence,
    recipe: published?.recipe,
    'top-1': best && `${best.top1Percent} % at ${best.sizePx} px`,
  };
}
