/**
 * A computation as data: what `trace` records, what the passes rewrite and what engines and exporters read.
 * Plain objects and typed arrays only, so a graph can be stored, sent to a worker, or handed to another runtime as JSON.
 */
export type ValueId = number;

export type GraphDtype = 'float32' | 'int32' | 'bool';

/** A tensor in the graph: images are NHWC, convolution filters HWIO (`[h, w, in / groups, out]`), matrices `[in, out]`. */
export interface Value {
  readonly shape: readonly number[];
  readonly dtype: GraphDtype;
  /** The name of the caller's tfjs `Variable` that this constant was, where the traced function used one. */
  readonly variable?: string;
}

export type Attribute = number | boolean | string | readonly number[] | readonly (readonly number[])[];

export type Attributes = Readonly<Record<string, Attribute>>;

/**
 * One operation. `op` is the name of the tfjs kernel; attributes are tfjs's, except that they are spelled out in full:
 *
 * - `Conv2D` [x, filter]: `{strides: [h, w], pad: [[top, bottom], [left, right]], dilations: [h, w], groups}`
 * - `FusedConv2D` [x, filter, bias?, residual?]: the same and `{hasBias, hasResidual, activation: 'linear' | 'relu' | 'relu6'}`;
 *   the activation comes last, after the residual is added
 * - `FusedMatMul` [a, b, bias?]: `{transposeA, transposeB, hasBias, activation}`
 * - `MaxPool`, `AvgPool` [x]: `{filterSize: [h, w], strides: [h, w], pad: [[top, bottom], [left, right]]}`; a maximum pads with
 *   −∞, an average counts real pixels only
 * - `FusedBatchNorm` [x, mean, variance, offset?, scale?]: `{varianceEpsilon, hasOffset, hasScale}`
 * - `DepthwiseConv2dNative` [x, filter `[h, w, channels, multiplier]`]: `{strides, pad, dilations}`; `optimize` leaves
 *   neither this nor `Conv2D`, only `FusedConv2D`
 * - `BatchNormTraining` [x, scale, offset] → [y, mean, biased variance] over N, H and W, and `BatchNormTrainingGrad`
 *   [dy, x, scale, mean, variance] → [dx, dScale, dOffset]: `{varianceEpsilon}`
 * - `ScaleOffset` [x, scale, offset]: `{activation}`; x · scale + offset by channel (the last axis), which is left of a batch
 *   norm that follows no convolution
 * - `ReluGrad` [dy, x]: dy where x is positive, 0 elsewhere; x may also be the ReLU's own result
 * - `Mean`, `Sum`, `Max`, … [x]: `{axis: [...], keepDims}`
 */
export interface GraphNode {
  readonly op: string;
  readonly inputs: readonly ValueId[];
  readonly outputs: readonly ValueId[];
  readonly attributes: Attributes;
  /** Where in the model it was recorded, e.g. `layer1.0.conv1`; for people, not unique. */
  readonly label?: string;
}

/** A named graph input: `data` changes from run to run, `parameter` is bound once, by name, when an engine compiles. */
export interface GraphInput {
  readonly name: string;
  readonly role: 'data' | 'parameter';
  readonly value: ValueId;
  /** False for what training does not move by gradients, e.g. running averages; those are not counted as parameters. */
  readonly trainable?: boolean;
}

export interface GraphOutput {
  readonly name: string;
  readonly value: ValueId;
}

export type ConstantData = Float32Array | Int32Array | Uint8Array;

export interface Graph {
  /** Indexed by `ValueId`. */
  readonly values: readonly Value[];
  /** In an order in which each node's inputs are already there. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  /** Values known before any run, row-major. */
  readonly constants: ReadonlyMap<ValueId, ConstantData>;
}
