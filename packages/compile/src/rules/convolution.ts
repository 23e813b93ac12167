import {
  add,
  concat,
  engine,
  type NamedAttrMap,
  relu,
  relu6,
  split,
  type Tensor,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { GraphNode, Value } from '../graph.ts';
import { TraceError } from '../trace/trace-error.ts';
import { fusedActivation } from './fused-activation.ts';
import type { Inferred, KernelRule, RuleTable, TfjsAttributes } from './kernel-rule.ts';
import { tfjsPad, windowFrom, windowOf } from './window.ts';

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

function convolutionAttributes(node: GraphNode, imageShape: number[], filterShape: number[]): NamedAttrMap {
  const window = windowOf(node.attributes);
  return {
    strides: [...window.strides],
    pad: tfjsPad(imageShape, [filterShape[0]!, filterShape[1]!], window) as unknown as NamedAttrMap,
    dataFormat: 'NHWC',
    dilations: [...window.dilations],
  };
}

function runConv2D(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  const [x, filter] = inputs as readonly Tensor[] as [Tensor4D, Tensor4D];
  const attributes = convolutionAttributes(node, x.shape, filter.shape);
  return [
    runGroups(x, filter, node, (image, part) => engine().runKernel('Conv2D', { x: image, filter: part }, attributes)),
  ];
}

/** TensorFlow's convolution takes groups as they are; the other backends take them one by one. */
function runGroups(
  x: Tensor4D,
  filter: Tensor4D,
  node: GraphNode,
  run: (image: Tensor4D, part: Tensor4D) => unknown,
): Tensor {
  const groups = node.attributes['groups'] as number;
  if (groups === 1 || engine().backendName === 'tensorflow') return run(x, filter) as Tensor;
  const images = split(x, groups, 3);
  const parts = split(filter, groups, 3);
  return concat(
    images.map((image, index) => run(image as Tensor4D, parts[index] as Tensor4D) as Tensor4D),
    3,
  );
}

function runFusedConv2D(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  const { groups, hasBias, hasResidual, activation } = node.attributes as {
    groups: number;
    hasBias: boolean;
    hasResidual: boolean;
    activation: 'linear' | 'relu' | 'relu6';
  };
  const [x, filter] = inputs as [Tensor4D, Tensor4D];
  const bias = hasBias ? inputs[2] : undefined;
  const residual = hasResidual ? inputs[hasBias ? 3 : 2] : undefined;
  const isWhole = groups === 1 && residual === undefined;
  if (groups === 1 && (bias !== undefined || isWhole)) {
    const attributes = {
      ...convolutionAttributes(node, x.shape, filter.shape),
      activation: isWhole ? activation : 'linear',
    };
    const y = engine().runKernel(
      'FusedConv2D',
      bias === undefined ? { x, filter } : { x, filter, bias },
      attributes,
    ) as Tensor;
    return [isWhole ? y : activate(add(y, residual!), activation)];
  }
  let y = runConv2D(node, [x, filter])[0]!;
  if (bias !== undefined) y = add(y, bias);
  if (residual !== undefined) y = add(y, residual);
  return [activate(y, activation)];
}

function activate(x: Tensor, activation: 'linear' | 'relu' | 'relu6'): Tensor {
  if (activation === 'relu') return relu(x);
  return activation === 'relu6' ? relu6(x) : x;
}
