import { shapesOnly } from '@residual/blocks';
import { type DescribedWeights, defaultPreset, describeWeights, withNetworkOptions } from '@residual/classifier';
import { formatSummary, summary, traceModel } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { LoadedWeights } from '@residual/weights/hub';
import { type NetworkFlags, parseNetworkFlags } from './network-flags.ts';
import { UsageError } from './usage-error.ts';
import { loadNamedWeights } from './weights/load-named-weights.ts';

export interface SummaryFlags extends NetworkFlags {
  readonly json?: boolean;
  readonly weights?: string;
  readonly entry?: string;
}

/**
 * Prints what a variant costs for one picture of its usual size; with weights, of theirs, and what is known of them.
 *
 * @throws WeightsMismatchError for weights of another variant.
 * @throws UsageError where neither is named.
 */
export async function summarize(name: string | undefined, flags: SummaryFlags, signal: AbortSignal): Promise<void> {
  const { json = false } = flags;
  const { weights, described } = await describe(name, flags, signal);
  const { blueprint, preset } = described;
  const endpoints = [blueprint.endpoints.at(-1)!];
  const counts = summary(await traceModel(blueprint, { endpoints, sizePx: preset.cropPx }));
  const facts = weights && factsOf(weights, blueprint);
  const text = json ? JSON.stringify(facts ? { ...counts, weights: facts } : counts) : formatSummary(counts);
  process.stdout.write(`${text}\n`);
  if (json || facts === undefined) return;
  for (const [fact, value] of Object.entries(facts)) {
    if (value !== undefined) process.stdout.write(`${fact}: ${value}\n`);
  }
}

async function describe(
  name: string | undefined,
  flags: SummaryFlags,
  signal: AbortSignal,
): Promise<{ weights?: LoadedWeights; described: Pick<DescribedWeights, 'blueprint' | 'preset'> }> {
  const { entry, weights: reference } = flags;
  const network = parseNetworkFlags(flags);
  const named = name === undefined ? {} : { model: name };
  if (reference !== undefined) {
    const which = { ...named, weights: reference, ...(entry !== undefined && { entry }) };
    const weights = await loadNamedWeights(which, signal);
    const described = await describeWeights({ ...named, ...network, weights });
    for (const note of described.notes) process.stderr.write(`note: ${note}\n`);
    return { weights, described };
  }
  if (name === undefined) throw new UsageError('expected a variant, e.g. resnet50, or --weights, got neither');
  const spec = withNetworkOptions(getSpec(name), network);
  return { described: { blueprint: new ResNet(spec, { vars: shapesOnly }), preset: defaultPreset(spec) } };
}

function factsOf(weights: LoadedWeights, { spec }: ResNet): Readonly<Record<string, string | undefined>> {
  const { published, format, scheme, licence, sha256, source } = weights;
  const best = published?.metrics[0];
  return {
    model: spec.name,
    weights: source,
    format: `${format}, names of ${scheme}`,
    sha256,
    licence,
    recipe: published?.recipe,
    'top-1': best && `${best.top1Percent} % at ${best.sizePx} px`,
  };
}
