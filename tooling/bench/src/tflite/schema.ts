/**
 * What the writer needs of TFLite's FlatBuffers schema, version 3: enumerations, and the places of fields in their tables.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 */
export const SCHEMA_VERSION = 3;
export const FILE_IDENTIFIER = 'TFL3';

export const TENSOR_TYPE = { float32: 0, int32: 2 } as const;

export const PADDING = { same: 0, valid: 1 } as const;

export const ACTIVATION = { linear: 0, relu: 1, relu6: 3 } as const;

export type BuiltinName = keyof typeof BUILTIN;

/** Operators: their code, and which of the union of options is theirs. */
export const BUILTIN = {
  ADD: { code: 0, options: 11 },
  AVERAGE_POOL_2D: { code: 1, options: 5 },
  CONV_2D: { code: 3, options: 1 },
  FULLY_CONNECTED: { code: 9, options: 8 },
  MAX_POOL_2D: { code: 17, options: 5 },
  PAD: { code: 34, options: 22 },
  MEAN: { code: 40, options: 27 },
} as const;

/** Fields of the tables that the writer fills, by their number in the table. */
export const FIELD = {
  Model: { version: 0, operatorCodes: 1, subgraphs: 2, description: 3, buffers: 4 },
  OperatorCode: { deprecatedBuiltinCode: 0, version: 2, builtinCode: 3 },
  SubGraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 },
  Tensor: { shape: 0, type: 1, buffer: 2, name: 3 },
  Operator: { opcodeIndex: 0, inputs: 1, outputs: 2, optionsType: 3, options: 4 },
  Buffer: { data: 0 },
  Conv2DOptions: { padding: 0, strideW: 1, strideH: 2, activation: 3, dilationW: 4, dilationH: 5 },
  Pool2DOptions: { padding: 0, strideW: 1, strideH: 2, filterWidth: 3, filterHeight: 4 },
  FullyConnectedOptions: { activation: 0 },
  AddOptions: { activation: 0 },
  ReducerOptions: { keepDims: 0 },
} as const;
