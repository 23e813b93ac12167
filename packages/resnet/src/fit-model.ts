import { compare, type LoadReport, shapesOnly, torchShape, type VarSpec } from '@residual/blocks';
import { describeHead, type TorchShapes } from './describe-head.ts';
import { ResNet } from './resnet.ts';
import type { ResNetSpec } from './spec.ts';

/** A variant as tensors have it, and how they differ from it all the same. */
export interface ModelFit {
  /** The variant's spec with what the tensors have otherwise: classes, head, channels of the picture, biases. */
  readonly spec: ResNetSpec;
  readonly report: LoadReport;
  /** Of differences: 0 where the tensors are this variant's. */
  readonly differences: number;
  /** For people: what the tensors cannot say and was assumed. */
  readonly notes: readonly string[];
}

/**
 * Compares tensors with a variant by names and shapes alone; nothing is allocated. What belongs to whoever trained it, the
 * head, the channels of the pictures, biases of convolutions, is the tensors'.
 */
export function fitModel(tensors: TorchShapes, variant: ResNetSpec): ModelFit {
  const backbone = new ResNet(variant, { numClasses: null, inChannels: 3, vars: shapesOnly });
  const described = describeHead(tensors, backbone.headPath, backbone.numFeatures);
  const convBias = biasesOf(tensors, backbone.variableSpecs);
  const inChannels = inChannelsOf(tensors, backbone);
  const spec: ResNetSpec = {
    ...variant,
    ...(inChannels !== (variant.inChannels ?? 3) && { inChannels }),
    ...(convBias.size > 0 && { convBias }),
    numClasses: described?.numClasses ?? null,
    ...(described && { head: described.head }),
    ...(described?.pool && { pool: described.pool }),
  };
  const report = compare(tensors, new ResNet(spec, { vars: shapesOnly }).variableSpecs);
  const differences = report.missing.length + report.unexpected.length + report.mismatched.length;
  return { spec, report, differences, notes: described?.notes ?? [] };
}

/** 3, unless a convolution that is the variant's but for its channels says otherwise. */
function inChannelsOf(tensors: TorchShapes, { inputWeight, variableSpecs }: ResNet): number {
  const { layout, shape } = variableSpecs.get(inputWeight)!;
  const expected = torchShape(layout, shape);
  const found = tensors.get(inputWeight)?.shape ?? [];
  const fits = found.length === 4 && expected.every((size, axis) => axis === 1 || size === found[axis]);
  return fits && found[1]! > 0 ? found[1]! : expected[1]!;
}

/** Paths of the variant's convolutions that have a bias among the tensors, and none in the variant. */
function biasesOf(tensors: TorchShapes, specs: ReadonlyMap<string, VarSpec>): ReadonlySet<string> {
  const paths = [...specs].filter(([name, { layout }]) => layout === 'conv' && name.endsWith('.weight'));
  const biased = paths.map(([name]) => name.replace(/\.weight$/, '')).filter((path) => tensors.has(`${path}.bias`));
  return new Set(biased.filter((path) => !specs.has(`${path}.bias`)));
}
