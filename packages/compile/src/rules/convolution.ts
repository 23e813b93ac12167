import type { Value } from '../graph.ts';
import { TraceError } from '../trace/trace-error.ts';
import { fusedActivation } from './fused-activation.ts';
import type { Inferred, KernelRule, RuleTable, TfjsAttributes } from './kernel-rule.ts';
import { convolutionAttributes, runConv2D, runFusedConv2D } from './run-convolution.ts';
import { windowFrom } from './window.ts';

/** Convolutions of NHWC images with HWIO filters, and their gradients. */
export const convolutionRules: RuleTable = {
  Conv2D: {
    inputs: ['x', 'filter'],
    infer: ([x, filter], attributes) => convolution(x!, filter!, attributes),
    run: runConv2D,
  },
  // What `@residual/blocks` runs on backends that convolve in groups, as a graph does.
  GroupedConv2D: {
    op: 'Conv2D',
    inputs: ['x', 'filter'],
    infer: ([x, filter], attributes) => convolution(x!, filter!, attributes),
  },
  FusedConv2D: {
    inputs: ['x', 'filter', 'bias'],
    optional: { bias: 'hasBias' },
    infer: ([x, filter, bias], attributes) => {
      if (bias !== undefined && bias.shape.length !== 1) {
        throw new TraceError(
          `fused.conv2d: expected a bias of shape [${filter!.shape[3]}], got [${bias.shape}]; reshape it`,
        );
      }
      const plain = convolution(x!, filter!, attributes);
      const { hasBias, activation } = attributes;
      return {
        outputs: plain.outputs,
        attributes: {
          ...plain.attributes,
          hasBias: hasBias as boolean,
          hasResidual: false,
          activation: fusedActivation(activation),
        },
      };
    },
    run: runFusedConv2D,
  },
  DepthwiseConv2dNative: {
    inputs: ['x', 'filter'],
    infer: ([x, filter], attributes) => {
      const [height, width, channels, multiplier] = filter!.shape as [number, number, number, number];
      const { window, outHeight, outWidth } = windowFrom(x!.shape, [height, width], attributes);
      return {
        outputs: [{ shape: [x!.shape[0]!, outHeight, outWidth, channels * multiplier], dtype: x!.dtype }],
        attributes: { ...window },
      };
    },
    tfjsAttributes: (node, [x, filter]) => convolutionAttributes(node, x!.shape, filter!.shape),
  },
  Conv2DBackpropInput: {
    inputs: ['dy', 'filter'],
    infer: ([dy, filter], attributes) => {
      const shape = attributes['inputShape'] as number[];
      return gradient(shape, { shape, dtype: dy!.dtype }, filter!.shape, attributes, { inputShape: shape });
    },
    tfjsAttributes: (node, [, filter]) => {
      const inputShape = node.attributes['inputShape'] as number[];
      return { ...convolutionAttributes(node, inputShape, filter!.shape), inputShape };
    },
  },
  Conv2DBackpropFilter: {
    inputs: ['x', 'dy'],
    infer: ([x, dy], attributes) => {
      const shape = attributes['filterShape'] as number[];
      return gradient(x!.shape, { shape, dtype: dy!.dtype }, shape, attributes, { filterShape: shape });
    },
    tfjsAttributes: (node, [x]) => {
      const filterShape = node.attributes['filterShape'] as number[];
      return { ...convolutionAttributes(node, x!.shape, filterShape), filterShape };
    },
  },
} satisfies Record<string, KernelRule>;

function convolution(x: Value, filter: Value, attributes: TfjsAttributes): Inferred {
  const [height, width, inPerGroup, outChannels] = filter.shape as [number, number, number, number];
  const inChannels = x.shape[3]!;
  const groups = inChannels / inPerGroup;
  if (!Number.isInteger(groups) || outChannels % groups !== 0) {
    throw new TraceError(
      `convolution: expected a filter [h, w, in / groups, out] for ${inChannels} channels, got [${filter.shape}]`,
    );
  }
  const { window, outHeight, outWidth } = windowFrom(x.shape, [height, width], attributes);
  return {
    outputs: [{ shape: [x.shape[0]!, outHeight, outWidth, outChannels], dtype: x.dtype }],
    attributes: { ...window, groups },
  };
}

function gradient(
  imageShape: readonly number[],
  output: Value,
  filterShape: readonly number[],
  attributes: TfjsAttributes,
  shapes: { inputShape: number[] } | { filterShape: number[] },
): Inferred {
  const { window } = windowFrom(imageShape, [filterShape[0]!, filterShape[1]!], attributes);
  return { outputs: [output], attributes: { strides: window.strides, pad: window.pad, ...shapes } };
}
