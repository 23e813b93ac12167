import { tfjsWasm } from '@residual/backend-wasm/node';
import { createClassifier } from '@residual/classifier';
import { getSpec } from '@residual/resnet/registry';
import { parseCount } from '../parse-count.ts';
import { UsageError } from '../usage-error.ts';
import { readWeights } from '../weights/read-weights.ts';
import { exportFormats } from './export-formats.ts';

export interface ExportFlags {
  readonly model: string;
  readonly weights?: string;
  readonly format: string;
  readonly size?: string;
  readonly half?: boolean;
}

/**
 * Reads weights, checks that they are the model's, and writes them in another format: whole, or not at all.
 *
 * @throws UsageError for an unknown format, and where `out` cannot be replaced.
 */
export async function exportModel(out: string, flags: ExportFlags, signal: AbortSignal): Promise<void> {
  const spec = getSpec(flags.model);
  const formats = exportFormats();
  const format = formats.get(flags.format);
  if (format === undefined) {
    throw new UsageError(`--format: expected one of ${[...formats.keys()].join(', ')}, got '${flags.format}'`);
  }
  if (flags.size !== undefined && !format.hasSize) {
    throw new UsageError(`--size: expected none for ${flags.format}, which holds weights alone, got ${flags.size}`);
  }
  if (flags.half && !format.canBeHalf)
    throw new UsageError(`--half: expected safetensors, got ${flags.format}; leave it out`);
  const size = flags.size === undefined ? undefined : parseCount('--size', flags.size);
  await format.checkTarget?.(out);

  const named = await readWeights(spec, flags.weights, signal);
  await tfjsWasm().use();
  const { model, preset, labels, warnings } = await createClassifier({ model: spec, ...named });
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const sizePx = size ?? preset.cropPx;
  signal.throwIfAborted();
  const { tensors: source, metadata } = named.weights;
  const isHalf = flags.half ?? false;
  const exported = { model, numClasses: labels.length, source, sizePx, metadata, isHalf };
  const written = await format.write(out, exported);
  process.stdout.write(`${out}: ${flags.model}, ${written}\n`);
}
