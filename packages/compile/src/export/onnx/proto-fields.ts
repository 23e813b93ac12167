/**
 * Field numbers of the protobuf messages that an ONNX model is made of.
 *
 * @see https://github.com/onnx/onnx/blob/v1.12.0/onnx/onnx.proto
 */
export const FIELD = {
  ModelProto: { irVersion: 1, producerName: 2, graph: 7, opsetImport: 8 },
  OperatorSetIdProto: { version: 2 },
  GraphProto: { node: 1, name: 2, initializer: 5, input: 11, output: 12 },
  NodeProto: { input: 1, output: 2, name: 3, opType: 4, attribute: 5 },
  AttributeProto: { name: 1, f: 2, i: 3, s: 4, ints: 8, type: 20 },
  TensorProto: { dims: 1, dataType: 2, name: 8, rawData: 9 },
  ValueInfoProto: { name: 1, type: 2 },
  TypeProto: { tensorType: 1 },
  TensorTypeProto: { elemType: 1, shape: 2 },
  TensorShapeProto: { dim: 1 },
  Dimension: { dimValue: 1, dimParam: 2 },
} as const;

/** `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPE = { float: 1, int: 2, string: 3, ints: 7 } as const;

/** `TensorProto.DataType`. */
export const DATA_TYPE = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

export type DataType = keyof typeof DATA_TYPE;
