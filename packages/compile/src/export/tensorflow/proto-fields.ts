/**
 * Field numbers of the protobuf messages a SavedModel is made of.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/v2.13.1/tensorflow/core/protobuf/saved_model.proto
 * @see https://github.com/tensorflow/tensorflow/blob/v2.13.1/tensorflow/core/protobuf/meta_graph.proto
 * @see https://github.com/tensorflow/tensorflow/blob/v2.13.1/tensorflow/core/framework/graph.proto (node_def, attr_value, tensor, tensor_shape)
 */
export const FIELD = {
  SavedModel: { schemaVersion: 1, metaGraphs: 2 },
  MetaGraphDef: { metaInfoDef: 1, graphDef: 2, signatureDef: 5 },
  MetaInfoDef: { tags: 4, tensorflowVersion: 5 },
  SignatureDef: { inputs: 1, outputs: 2, methodName: 3 },
  TensorInfo: { name: 1, dtype: 2, tensorShape: 3 },
  GraphDef: { node: 1, versions: 4 },
  VersionDef: { producer: 1 },
  NodeDef: { name: 1, op: 2, input: 3, attr: 5 },
  AttrValue: { list: 1, s: 2, i: 3, f: 4, b: 5, type: 6, shape: 7, tensor: 8 },
  ListValue: { i: 3 },
  TensorProto: { dtype: 1, tensorShape: 2, tensorContent: 4 },
  TensorShapeProto: { dim: 2 },
  Dim: { size: 1 },
} as const;

/** `enum DataType`. */
export const DATA_TYPE = { float32: 1, int32: 3, bool: 10, bfloat16: 14 } as const;

export type DataType = keyof typeof DATA_TYPE;
