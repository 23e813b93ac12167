import { native } from '@residual/backend-node';
import { dawnWebgpu, provideDawn } from '@residual/backend-webgpu/dawn';
import { type GpuReport, gpuReport as reportOf, timeEngines } from '@residual/backend-webgpu/report';
import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { viewStateDict } from '@residual/blocks';
import { describeWeights, prepareImage } from '@residual/classifier';
import { tfjsOn, traceModel } from '@residual/compile';
import { getPreset } from '@residual/vision';
import { embeddedWeights, sampleFiles } from './embedded-weights.ts';
import { findImages } from './find-images.ts';
import { type NetworkFlags, parseNetworkFlags } from './network-flags.ts';
import { type DecodeFlags, parseDecodeFlags } from './pictures/decode-flags.ts';
import { PictureReader } from './pictures/picture-reader.ts';
import { print, printJson, say } from './terminal/output.ts';
import { UsageError } from './usage-error.ts';
import { loadNamedWeights, type WeightsFlags } from './weights/load-named-weights.ts';

interface GpuReportFlags extends WeightsFlags, NetworkFlags, DecodeFlags {
  readonly preset?: string;
  readonly json?: boolean;
}

/**
 * Prints what the adapter is, and a network's times and answers on it in both precisions.
 *
 * @throws UsageError where there is no WebGPU, or no picture.
 */
export async function gpuReport(
  pictures: readonly string[],
  flags: GpuReportFlags,
  signal: AbortSignal,
): Promise<void> {
  const { available, reason } = await provideDawn();
  if (!available) throw new UsageError(`gpu-report: expected WebGPU, got none: ${reason}`);
  const { model, weights: reference } = flags;
  const own = { weights: embeddedWeights().file };
  const weights = await loadNamedWeights(model === undefined && reference === undefined ? own : flags, signal);
  const preset = flags.preset === undefined ? {} : { preset: getPreset(flags.preset) };
  const described = await describeWeights({
    ...(model !== undefined && { model }),
    ...preset,
    ...parseNetworkFlags(flags),
    weights,
  });
  say(...described.notes.map((note) => `note: ${note}`));
  const { blueprint } = described;
  const files = await findImages(pictures.length > 0 ? pictures : sampleFiles(), signal);
  const reader = new PictureReader(parseDecodeFlags(flags));
  const images: Float32Array[] = [];
  for (const file of files) {
    images.push(prepareImage(await reader.read(file, signal), described.preset, blueprint.inChannels));
  }
  const [first, ...others] = images;
  if (first === undefined) throw new UsageError('gpu-report: expected pictures, got none; name files or a folder');
  const graph = await traceModel(blueprint, { endpoints: ['logits'], sizePx: described.preset.cropPx });
  const network = {
    model: blueprint.spec.name,
    sizePx: described.preset.cropPx,
    graph,
    weights: viewStateDict(described.dict, blueprint.variableSpecs),
    images: [first, ...others] as const,
  };
  const peers = [dawnWebgpu(), tfjsOn(tfjsWebgpu()), native()];
  const engines = flags.json ? await timeEngines(peers, network) : [];
  const report = await reportOf(network, {
    runtime: `Node ${process.version}, ${process.platform} ${process.arch}`,
    engines,
  });
  if (flags.json) printJson(report);
  else print(...linesOf(report));
}

function linesOf({ model, adapter, pictures, largestDifference, largestLogit, sameTop1, times }: GpuReport): string[] {
  const share = (largestDifference / largestLogit).toExponential(1);
  return [
    `adapter: ${adapter.description || `${adapter.vendor} ${adapter.architecture}`}`,
    ...Object.entries(times).map(([precision, { buildMs, firstMs, warmMs }]) => {
      const [build, first, warm] = [buildMs, firstMs, warmMs].map((ms) => ms.toFixed(1));
      return `${model} in ${precision}: built in ${build} ms, first run ${first} ms, warm ${warm} ms`;
    }),
    `fp16 names what fp32 names on ${sameTop1} of ${pictures} pictures; logits differ by ${share} of the largest`,
  ];
}
