import { tfjsWasm } from '@residual/backend-wasm/tfjs-node';
import { createClassifier, toMetadata } from '@residual/classifier';
import { didYouMean } from '@residual/resnet';
import { checkTarget } from '../check-target.ts';
import { type NetworkFlags, parseNetworkFlags } from '../network-flags.ts';
import { parseCount } from '../parse-count.ts';
import { print, say } from '../terminal/output.ts';
import { UsageError } from '../usage-error.ts';
import { loadNamedWeights, type WeightsFlags } from '../weights/load-named-weights.ts';
import { exportFormats } from './export-formats.ts';

export interface ExportFlags extends WeightsFlags, NetworkFlags {
  readonly format: string;
  readonly size?: string;
  readonly half?: boolean;
  readonly force?: boolean;
}

/**
 * Reads weights, checks that they are the model's, and writes them in another format: whole, or not at all.
 *
 * @throws UsageError for an unknown format, and where `out` cannot be replaced.
 */
export async function exportModel(out: string, flags: ExportFlags, signal: AbortSignal): Promise<void> {
  const formats = exportFormats();
  const format = formats.get(flags.format);
  if (format === undefined) {
    const known = [...formats.keys()];
    const got = `got '${flags.format}'${didYouMean(flags.format, known)}`;
    throw new UsageError(`--format: expected one of ${known.join(', ')}, ${got}`);
  }
  if (flags.size !== undefined && !format.hasSize) {
    throw new UsageError(`--size: expected none for ${flags.format}, which holds weights alone, got ${flags.size}`);
  }
  if (flags.half && !format.canBeHalf)
    throw new UsageError(`--half: expected safetensors or plan, got ${flags.format}; leave it out`);
  const size = flags.size === undefined ? undefined : parseCount('--size', flags.size);
  if (format.checkTarget !== undefined) await format.checkTarget(out);
  else await checkTarget(out, { inputs: [flags.weights], force: flags.force });

  const network = parseNetworkFlags(flags);
  const weights = await loadNamedWeights(flags, signal);
  await tfjsWasm().use();
  const named = flags.model === undefined ? {} : { model: flags.model };
  const classifier = await createClassifier({ ...named, ...network, weights });
  say(...classifier.notes.map((note) => `note: ${note}`), ...classifier.warnings.map((text) => `warning: ${text}`));
  signal.throwIfAborted();
  const { model, preset } = classifier;
  const written = await format.write(out, {
    model,
    preset,
    source: weights.tensors,
    sizePx: size ?? preset.cropPx,
    metadata: { ...weights.metadata, ...toMetadata(classifier) },
    isHalf: flags.half ?? false,
  });
  print(`${out}: ${model.spec.name}, ${written}`);
}
