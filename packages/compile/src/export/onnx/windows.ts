import type { OnnxAttribute } from './model-writer.ts';
import { type OnnxNodeWriter, permuted } from './node-writer.ts';
import type { OnnxOperationTable } from './operation.ts';

type Pair = readonly [number, number];

/** Convolutions, pools and batch norm of pictures. */
export const windowOperations: OnnxOperationTable = {
  Conv2D: (w) => w.output(convolve(w, w.attributes['groups'] as number), 'image'),
  DepthwiseConv2dNative: (w) => w.output(convolve(w, w.inputValues[0]!.shape[3]!), 'image'),
  FusedConv2D: (w) => {
    const { groups, hasBias, hasResidual, activation } = w.attributes;
    let y = convolve(w, groups as number, hasBias === true);
    if (hasResidual) y = w.op('Add', [y, w.input(hasBias ? 3 : 2, 'image')]);
    w.output(activate(w, y, activation as string), 'image');
  },
  MaxPool: (w) => w.output(w.op('MaxPool', [w.input(0, 'image')], poolAttributes(w)), 'image'),
  AvgPool: (w) =>
    w.output(w.op('AveragePool', [w.input(0, 'image')], { ...poolAttributes(w), count_include_pad: 0 }), 'image'),
  FusedBatchNorm: (w) => {
    const { varianceEpsilon, hasOffset, hasScale } = w.attributes;
    if (w.inputValues[0]!.shape.length !== 4 || w.inputValues[1]!.shape.length !== 1) throw w.unsupported();
    const channels = w.inputValues[1]!.shape[0]!;
    const vector = (index: number | undefined, fallback: number): string =>
      index === undefined
        ? w.initializer('constant', 'float32', [channels], new Float32Array(channels).fill(fallback))
        : w.input(index, 'plain');
    const offset = vector(hasOffset ? 3 : undefined, 0);
    const scale = vector(hasScale ? w.inputValues.length - 1 : undefined, 1);
    const inputs = [w.input(0, 'image'), scale, offset, w.input(1, 'plain'), w.input(2, 'plain')];
    w.output(w.op('BatchNormalization', inputs, { epsilon: { float: varianceEpsilon as number } }), 'image');
  },
  ScaleOffset: (w) => {
    const isImage = w.outputs[0]!.shape.length === 4;
    const operand = (index: number): string => (isImage ? w.imageOperand(index) : w.input(index, 'plain'));
    const y = w.op('Add', [w.op('Mul', [operand(0), operand(1)]), operand(2)]);
    w.output(activate(w, y, w.attributes['activation'] as string), isImage ? 'image' : 'plain');
  },
};

export function activate(w: OnnxNodeWriter, y: string, activation: string): string {
  if (activation === 'linear') return y;
  return activation === 'relu' ? w.op('Relu', [y]) : w.op('Clip', [y, w.scalar(0), w.scalar(6)]);
}

function convolve(w: OnnxNodeWriter, groups: number, hasBias = false): string {
  const filter = w.inputValues[1]!.shape as readonly [number, number, number, number];
  const inputs = [w.input(0, 'image'), filterOf(w), ...(hasBias ? [w.input(2, 'plain')] : [])];
  const attributes = { kernel_shape: filter.slice(0, 2), group: groups, ...windowAttributes(w) };
  return w.op('Conv', inputs, attributes);
}

/** HWIO as OIHW; of a depthwise convolution `[h, w, channels, multiplier]` as `[channels * multiplier, 1, h, w]`. */
function filterOf(w: OnnxNodeWriter): string {
  const [height, width, channels, outChannels] = w.inputValues[1]!.shape as readonly [number, number, number, number];
  const isDepthwise = w.node.op === 'DepthwiseConv2dNative';
  const perm = isDepthwise ? [2, 3, 0, 1] : [3, 2, 0, 1];
  const shape = isDepthwise ? [channels * outChannels, 1, height, width] : [outChannels, channels, height, width];
  const data = w.constantOf(1);
  if (data !== undefined) {
    return w.initializer('weight', 'float32', shape, permuted(data, [height, width, channels, outChannels], perm));
  }
  const turned = w.op('Transpose', [w.input(1, 'plain')], { perm });
  return isDepthwise ? w.op('Reshape', [turned, w.ints(shape)]) : turned;
}

function poolAttributes(w: OnnxNodeWriter): Record<string, OnnxAttribute> {
  return { kernel_shape: w.attributes['filterSize'] as Pair, ...windowAttributes(w) };
}

function windowAttributes(w: OnnxNodeWriter): Record<string, OnnxAttribute> {
  const [[top, bottom], [left, right]] = w.attributes['pad'] as unknown as readonly [Pair, Pair];
  const dilations = w.attributes['dilations'] as Pair | undefined;
  return {
    strides: w.attributes['strides'] as Pair,
    pads: [top, left, bottom, right],
    ...(dilations === undefined ? {} : { dilations }),
  };
}
