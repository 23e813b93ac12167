import { div, engine, type NamedAttrMap, ones, pad, type Tensor } from '@tensorflow/tfjs-core';
import type { GraphNode } from '../graph.ts';
import { type Inferred, type KernelRule, only, type RuleTable, type TfjsAttributes } from './kernel-rule.ts';
import { tfjsPad, windowFrom, windowOf } from './window.ts';

const gradAttributes: KernelRule['tfjsAttributes'] = (node, inputs) => poolAttributes(node, inputs[1]!.shape);

/** Pooling of NHWC images, and its gradients. */
export const poolingRules: RuleTable = {
  MaxPool: {
    inputs: ['x'],
    infer: (inputs, attributes) => pool(only(inputs).shape, inputs[0]!.dtype, attributes),
    run: runMaxPool,
  },
  AvgPool: {
    inputs: ['x'],
    infer: (inputs, attributes) => pool(only(inputs).shape, 'float32', attributes),
    run: runAvgPool,
  },
  MaxPoolGrad: {
    inputs: ['dy', 'input', 'output'],
    infer: ([, input], attributes) => ({
      outputs: [input!],
      attributes: pool(input!.shape, input!.dtype, attributes).attributes!,
    }),
    tfjsAttributes: gradAttributes!,
  },
  AvgPoolGrad: {
    inputs: ['dy', 'input'],
    infer: ([, input], attributes) => ({
      outputs: [input!],
      attributes: pool(input!.shape, input!.dtype, attributes).attributes!,
    }),
    tfjsAttributes: gradAttributes!,
  },
};

function pool(shape: readonly number[], dtype: 'float32' | 'int32' | 'bool', attributes: TfjsAttributes): Inferred {
  const { filterSize } = attributes;
  const sizePx = (typeof filterSize === 'number' ? [filterSize, filterSize] : filterSize) as [number, number];
  const { window, outHeight, outWidth } = windowFrom(shape, sizePx, attributes);
  return {
    outputs: [{ shape: [shape[0]!, outHeight, outWidth, shape[3]!], dtype }],
    attributes: { filterSize: sizePx, strides: window.strides, pad: window.pad },
  };
}

function poolAttributes(node: GraphNode, imageShape: number[]): NamedAttrMap {
  const window = windowOf(node.attributes);
  const filterSize = node.attributes['filterSize'] as [number, number];
  return {
    filterSize: [...filterSize],
    strides: [...window.strides],
    pad: tfjsPad(imageShape, filterSize, window) as unknown as NamedAttrMap,
  };
}

function runMaxPool(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  return runPool('MaxPool', node, inputs, (padded, valid) => valid(padded(inputs[0]!, Number.NEGATIVE_INFINITY)));
}

/** An average counts real pixels only: the mean of a padded window, over the mean of one where there is a picture. */
function runAvgPool(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  return runPool('AvgPool', node, inputs, (padded, valid) => {
    const [, height, width] = inputs[0]!.shape as [number, number, number, number];
    return div(valid(padded(inputs[0]!, 0)), valid(padded(ones([1, height, width, 1]), 0)));
  });
}

/** TensorFlow's pooling kernels take no explicit padding, so there the image is padded first. */
function runPool(
  kernelName: string,
  node: GraphNode,
  inputs: readonly Tensor[],
  runPadded: (padded: (x: Tensor, value: number) => Tensor, valid: (x: Tensor) => Tensor) => Tensor,
): Tensor[] {
  const x = inputs[0]!;
  const attributes = poolAttributes(node, x.shape);
  if (typeof attributes['pad'] === 'string' || engine().backendName !== 'tensorflow') {
    return [engine().runKernel(kernelName, { x }, attributes) as Tensor];
  }
  const [height, width] = windowOf(node.attributes).pad;
  const padded = (image: Tensor, value: number): Tensor => pad(image, [[0, 0], [...height], [...width], [0, 0]], value);
  const valid = (image: Tensor): Tensor =>
    engine().runKernel(kernelName, { x: image }, { ...attributes, pad: 'valid' }) as Tensor;
  return [runPadded(padded, valid)];
}
