import {
  add,
  concat,
  engine,
  matMul,
  type NamedAttrMap,
  reshape,
  split,
  type Tensor,
  type Tensor4D,
} from '@tensorflow/tfjs-core';
import type { GraphNode } from '../graph.ts';
import { activate, type FusedActivation } from './fused-activation.ts';
import { tfjsPad, windowOf } from './window.ts';

export function convolutionAttributes(node: GraphNode, imageShape: number[], filterShape: number[]): NamedAttrMap {
  const window = windowOf(node.attributes);
  return {
    strides: [...window.strides],
    pad: tfjsPad(imageShape, [filterShape[0]!, filterShape[1]!], window) as unknown as NamedAttrMap,
    dataFormat: 'NHWC',
    dilations: [...window.dilations],
  };
}

export function runConv2D(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  const [x, filter] = inputs as [Tensor4D, Tensor4D];
  const attributes = convolutionAttributes(node, x.shape, filter.shape);
  const run = (image: Tensor, part: Tensor): Tensor4D =>
    engine().runKernel('Conv2D', { x: image, filter: part }, attributes) as Tensor4D;
  const groups = node.attributes['groups'] as number;
  if (groups > 1 && groups === x.shape[3] && !(node.attributes['dilations'] as number[]).some((step) => step > 1)) {
    const [height, width, , outChannels] = filter.shape;
    const depthwise = reshape(filter, [height, width, groups, outChannels / groups]);
    return [engine().runKernel('DepthwiseConv2dNative', { x, filter: depthwise }, attributes) as Tensor];
  }
  // TensorFlow's convolution takes groups as they are; the other backends take them one by one.
  if (groups === 1 || engine().backendName === 'tensorflow') return [run(x, filter)];
  const images = split(x, groups, 3);
  const parts = split(filter, groups, 3);
  return [
    concat(
      images.map((image, index) => run(image, parts[index]!)),
      3,
    ),
  ];
}

/** Rounds otherwise than the operations it was fused from, as far as the backend has something faster. */
export function runFusedConv2D(node: GraphNode, inputs: readonly Tensor[]): Tensor[] {
  const { groups, hasBias, hasResidual } = node.attributes;
  const activation = node.attributes['activation'] as FusedActivation;
  const [x, filter] = inputs as [Tensor4D, Tensor4D];
  const bias = hasBias ? inputs[2] : undefined;
  const residual = hasResidual ? inputs[hasBias ? 3 : 2] : undefined;
  // TensorFlow's kernel fuses nothing.
  if (groups === 1 && bias !== undefined && engine().backendName !== 'tensorflow') {
    const own = residual === undefined ? activation : 'linear';
    const attributes = { ...convolutionAttributes(node, x.shape, filter.shape), activation: own };
    const y = engine().runKernel('FusedConv2D', { x, filter, bias }, attributes) as Tensor;
    return [residual === undefined ? y : activate(add(y, residual), activation)];
  }
  let y = isMatrixProduct(node, filter) ? pointwise(x, filter) : runConv2D(node, inputs)[0]!;
  if (bias !== undefined) y = add(y, bias);
  if (residual !== undefined) y = add(y, residual);
  return [activate(y, activation)];
}

/** TensorFlow turns a filter anew for each convolution, which for 1×1 filters takes longer than a matrix product saves. */
function isMatrixProduct({ attributes }: GraphNode, filter: Tensor4D): boolean {
  const { strides, pad } = windowOf(attributes);
  const isOnePixel = filter.shape[0] === 1 && filter.shape[1] === 1 && strides[0] === 1 && strides[1] === 1;
  return (
    isOnePixel &&
    attributes['groups'] === 1 &&
    pad.flat().every((px) => px === 0) &&
    engine().backendName === 'tensorflow'
  );
}

function pointwise(x: Tensor4D, filter: Tensor4D): Tensor {
  const [batch, height, width, channels] = x.shape;
  const product = matMul(reshape(x, [batch * height * width, channels]), reshape(filter, [channels, filter.shape[3]]));
  return reshape(product, [batch, height, width, filter.shape[3]]);
}
