import { isDeepStrictEqual } from 'node:util';
import type { StateDict } from '@residual/blocks';
import { describeWeights, networkOf } from '@residual/classifier';
import { getPreset, listPresets, type Preset } from '@residual/vision';
import type { ExportedModel } from './export-formats.ts';

/** What has to be said again of bare tensors, as options of the commands, for them to be the same classifier. */
export async function untoldOptions(weights: StateDict, { model: { spec }, preset }: ExportedModel): Promise<string[]> {
  const byTensors = await describeWeights({ weights }).catch(() => undefined);
  const isNamed = byTensors?.blueprint.spec.name !== spec.name;
  const told = isNamed ? await describeWeights({ weights, model: spec.name }) : byTensors;
  const [own, usual] = [networkOf(spec), networkOf(told.blueprint.spec)];
  return [
    ...(isNamed ? [`--model ${spec.name}`] : []),
    ...(own.strideIn === usual.strideIn ? [] : [`--stride-in ${own.strideIn}`]),
    ...(own.epsilon === usual.epsilon ? [] : [`--epsilon ${own.epsilon}`]),
    ...(own.activation === usual.activation ? [] : [`--activation ${String(own.activation)}`]),
    ...(own.outputStride === usual.outputStride ? [] : [`--output-stride ${own.outputStride}`]),
    ...presetOptions(preset, told.preset),
  ];
}

function presetOptions(preset: Preset, usual: Preset): string[] {
  if (isDeepStrictEqual(preset, usual)) return [];
  const { mean, std, ...size } = preset;
  const normalisation = [`--mean ${mean}`, `--std ${std}`];
  if (isDeepStrictEqual({ ...size, mean: usual.mean, std: usual.std }, usual)) return normalisation;
  const name = listPresets().find((known) => isDeepStrictEqual(getPreset(known), preset));
  return name === undefined ? [...normalisation, `and pictures as ${JSON.stringify(size)}`] : [`--preset ${name}`];
}
