import type { NodeAttribute } from './graph-writer.ts';
import type { NodeWriter } from './node-writer.ts';
import type { OperationTable } from './operation.ts';

type Pair = readonly [number, number];
type Pads = readonly [Pair, Pair];

/** Convolutions and pools of NHWC images, and their gradients. */
export const windowOperations: OperationTable = {
  Conv2D: (w) => convolve(w),
  FusedConv2D: (w) => {
    const { hasBias, hasResidual, activation } = w.attributes;
    const rest = w.inputs.slice(2);
    const T = w.type(w.outputs[0]!);
    let y = convolve(w);
    if (hasBias) y = w.op('BiasAdd', [y, rest.shift()!], { T, data_format: 'NHWC' });
    if (hasResidual) y = w.op('AddV2', [y, rest.shift()!], { T });
    return activate(w, y, activation as string);
  },
  DepthwiseConv2dNative: (w) => w.op('DepthwiseConv2dNative', w.inputs, convolutionAttributes(w, 0, 1)),
  Conv2DBackpropInput: (w) => {
    const [dy, filter] = w.inputs as [string, string];
    const sizes = w.ints(w.fixedShape(w.attributes['inputShape'] as readonly number[]));
    return w.op(
      'Conv2DBackpropInput',
      [sizes, filter, dy],
      attributesFor(w, w.outputs[0]!.shape, w.inputValues[1]!.shape),
    );
  },
  Conv2DBackpropFilter: (w) => {
    const [x, dy] = w.inputs as [string, string];
    const filterShape = w.attributes['filterShape'] as readonly number[];
    const attributes = attributesFor(w, w.inputValues[0]!.shape, filterShape);
    return w.op('Conv2DBackpropFilter', [x, w.ints(filterShape), dy], attributes);
  },
  MaxPool: (w) => {
    const { x, padded } = paddedImage(w, w.inputs[0]!, w.inputValues[0]!.shape, Number.NEGATIVE_INFINITY);
    return w.op('MaxPool', [x], poolAttributes(w, padded));
  },
  AvgPool: (w) => {
    const shape = w.inputValues[0]!.shape;
    const { x, padded } = paddedImage(w, w.inputs[0]!, shape, 0);
    const y = w.op('AvgPool', [x], poolAttributes(w, padded));
    return padded === 'VALID' && hasPadding(w) ? countRealPixels(w, y, shape) : y;
  },
  MaxPoolGrad: (w) => {
    const [dy, input, output] = w.inputs as [string, string, string];
    const shape = w.inputValues[1]!.shape;
    const { x, padded } = paddedImage(w, input, shape, Number.NEGATIVE_INFINITY);
    const dx = w.op('MaxPoolGrad', [x, output, dy], poolAttributes(w, padded));
    return padded === 'VALID' && hasPadding(w) ? cropped(w, dx, shape) : dx;
  },
  AvgPoolGrad: (w) => {
    const [dy] = w.inputs as [string];
    const shape = w.fixedShape(w.inputValues[1]!.shape);
    if (!hasPadding(w) || isSame(w, shape, filterSize(w))) {
      return w.op('AvgPoolGrad', [w.ints(shape), dy], poolAttributes(w, padding(w, shape, filterSize(w))));
    }
    const scaled = countRealPixels(w, dy, shape);
    const whole = paddedShape(w, shape);
    return cropped(w, w.op('AvgPoolGrad', [w.ints(whole), scaled], poolAttributes(w, 'VALID')), shape);
  },
};

export function activate(w: NodeWriter, y: string, activation: string): string {
  const T = w.type(w.outputs[0]!);
  if (activation === 'linear') return y;
  return w.op(activation === 'relu' ? 'Relu' : 'Relu6', [y], { T });
}

/** TensorFlow reads the number of groups off the filter's shape. */
function convolve(w: NodeWriter): string {
  return w.op('Conv2D', w.inputs.slice(0, 2), convolutionAttributes(w, 0, 1));
}

function convolutionAttributes(w: NodeWriter, image: number, filter: number): Record<string, NodeAttribute> {
  return attributesFor(w, w.inputValues[image]!.shape, w.inputValues[filter]!.shape);
}

function attributesFor(
  w: NodeWriter,
  imageShape: readonly number[],
  filterShape: readonly number[],
): Record<string, NodeAttribute> {
  const [dilationY, dilationX] = dilations(w);
  const kind = padding(w, imageShape, [filterShape[0]!, filterShape[1]!]);
  const [[top, bottom], [left, right]] = pads(w);
  return {
    T: w.type(w.outputs[0]!),
    strides: strides(w),
    padding: kind,
    ...(kind === 'EXPLICIT' ? { explicit_paddings: [0, 0, top, bottom, left, right, 0, 0] } : {}),
    dilations: [1, dilationY, dilationX, 1],
    data_format: 'NHWC',
  };
}

function poolAttributes(w: NodeWriter, kind: string): Record<string, NodeAttribute> {
  const [height, width] = filterSize(w);
  return {
    T: w.type(w.outputs[0]!),
    ksize: [1, height, width, 1],
    strides: strides(w),
    padding: kind,
    data_format: 'NHWC',
  };
}

/** TensorFlow's pools take no explicit padding: where `SAME` does not mean it, the image is padded first. */
function paddedImage(
  w: NodeWriter,
  x: string,
  shape: readonly number[],
  value: number,
): { x: string; padded: 'SAME' | 'VALID' } {
  if (!hasPadding(w)) return { x, padded: 'VALID' };
  if (isSame(w, shape, filterSize(w))) return { x, padded: 'SAME' };
  const { dtype } = w.outputs[0]!;
  const around = w.ints([[0, 0], ...pads(w), [0, 0]]);
  const attributes = { T: w.type({ dtype }), Tpaddings: { type: 'int32' as const } };
  return { x: w.op('PadV2', [x, around, w.scalar(value, dtype)], attributes), padded: 'VALID' };
}

/** An average over a padded window counts its zeros: this scales it to the pixels that are there. */
function countRealPixels(w: NodeWriter, y: string, imageShape: readonly number[]): string {
  const [height, width] = filterSize(w);
  const [strideY, strideX] = w.attributes['strides'] as Pair;
  const [[top], [left]] = pads(w);
  const [, outHeight, outWidth] = (w.node.op === 'AvgPoolGrad' ? w.inputValues[0]! : w.outputs[0]!).shape;
  const rows = realPixels(outHeight!, strideY, height, top, imageShape[1]!);
  const columns = realPixels(outWidth!, strideX, width, left, imageShape[2]!);
  const scale = rows.flatMap((row) => columns.map((column) => (height * width) / (row * column)));
  const T = w.type(w.outputs[0]!);
  return w.op('Mul', [y, w.constant([1, outHeight!, outWidth!, 1], scale)], { T });
}

function realPixels(count: number, stride: number, sizePx: number, near: number, imagePx: number): number[] {
  return Array.from({ length: count }, (_, step) => {
    const begin = step * stride - near;
    return Math.min(begin + sizePx, imagePx) - Math.max(begin, 0);
  });
}

function cropped(w: NodeWriter, x: string, shape: readonly number[]): string {
  const [[top], [left]] = pads(w);
  const attributes = { T: w.type(w.outputs[0]!), Index: { type: 'int32' as const } };
  return w.op('Slice', [x, w.ints([0, top, left, 0]), w.ints(w.shape(shape, shape))], attributes);
}

function paddedShape(w: NodeWriter, shape: readonly number[]): number[] {
  const [[top, bottom], [left, right]] = pads(w);
  return [shape[0]!, shape[1]! + top + bottom, shape[2]! + left + right, shape[3]!];
}

function padding(w: NodeWriter, imageShape: readonly number[], sizePx: Pair): 'VALID' | 'SAME' | 'EXPLICIT' {
  if (!hasPadding(w)) return 'VALID';
  return isSame(w, imageShape, sizePx) ? 'SAME' : 'EXPLICIT';
}

function isSame(w: NodeWriter, imageShape: readonly number[], sizePx: Pair): boolean {
  const stride = w.attributes['strides'] as Pair;
  return pads(w).every(([near, far], axis) => {
    const inPx = imageShape[axis + 1]!;
    const reach = (sizePx[axis]! - 1) * dilations(w)[axis]! + 1;
    const total = Math.max((Math.ceil(inPx / stride[axis]!) - 1) * stride[axis]! + reach - inPx, 0);
    return near === Math.floor(total / 2) && far === total - near;
  });
}

function hasPadding(w: NodeWriter): boolean {
  return pads(w)
    .flat()
    .some((px) => px > 0);
}

function pads(w: NodeWriter): Pads {
  return w.attributes['pad'] as unknown as Pads;
}

function strides(w: NodeWriter): number[] {
  return [1, ...(w.attributes['strides'] as Pair), 1];
}

function dilations(w: NodeWriter): Pair {
  return (w.attributes['dilations'] ?? [1, 1]) as Pair;
}

function filterSize(w: NodeWriter): Pair {
  return w.attributes['filterSize'] as Pair;
}
