import { shapesOnly } from '@residual/blocks';
import { type DescribedWeights, defaultPreset, describeWeights, withNetworkOptions } from '@residual/classifier';
import { type Summary, summary, summaryRows, traceModel } from '@residual/compile';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import type { LoadedWeights } from '@residual/weights/hub';
import { type NetworkFlags, parseNetworkFlags } from './network-flags.ts';
import { print, printJson, say } from './terminal/output.ts';
import { type Column, textTable } from './terminal/text-table.ts';
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
  if (json) {
    printJson(facts ? { ...counts, weights: facts } : counts);
    return;
  }
  print(...summaryTable(counts));
  for (const [fact, value] of Object.entries(facts ?? {})) if (value !== undefined) print(`${fact}: ${value}`);
}

/** The library's table, as wide as the terminal is. */
function summaryTable(counts: Summary): readonly string[] {
  const [head, ...rows] = summaryRows(counts);
  const columns: readonly Omit<Column, 'head'>[] = [
    { cut: 'start' },
    { cut: 'end', leaveOut: 2 },
    { leaveOut: 3 },
    { align: 'right' },
    { align: 'right', leaveOut: 4 },
    { align: 'right', leaveOut: 1 },
  ];
  return textTable(
    columns.map((column, at) => ({ ...column, head: head![at]! })),
    rows,
    { style: 'plain' },
  );
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
    say(...described.notes.map((note) => `note: ${note}`));
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
