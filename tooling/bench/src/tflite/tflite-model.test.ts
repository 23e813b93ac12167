import type { Graph, GraphNode } from '@residual/compile';
import { UnsupportedOperationError } from '@residual/compile/onnx';
import { ByteBuffer } from 'flatbuffers';
import { expect, test } from 'vitest';
import { BUILTIN, FIELD } from './schema.ts';
import { tfliteModel } from './tflite-model.ts';

const conv = {
  op: 'FusedConv2D',
  label: 'conv1',
  inputs: [0, 1, 2],
  outputs: [3],
  attributes: {
    strides: [2, 2],
    pad: [
      [1, 1],
      [1, 1],
    ],
    dilations: [1, 1],
    groups: 1,
    hasBias: true,
    hasResidual: false,
    activation: 'relu',
  },
} satisfies GraphNode;
const pool = {
  op: 'MaxPool',
  inputs: [3],
  outputs: [4],
  attributes: {
    filterSize: [3, 3],
    strides: [1, 1],
    pad: [
      [1, 1],
      [1, 1],
    ],
  },
} satisfies GraphNode;

/** A picture of 4 by 4 pixels, a 3×3 convolution to two channels at stride 2, and a 3×3 maximum. */
function graphOf(nodes: readonly GraphNode[]): Graph {
  const shapes = [[1, 4, 4, 1], [3, 3, 1, 2], [2], [1, 2, 2, 2], [1, 2, 2, 2]];
  return {
    values: shapes.map((shape) => ({ shape, dtype: 'float32' as const })),
    nodes,
    inputs: [{ name: 'image', role: 'data', value: 0 }],
    outputs: [{ name: 'y', value: 4 }],
    constants: new Map([
      [1, Float32Array.from({ length: 18 }, (_, index) => index)],
      [2, Float32Array.of(10, 20)],
    ]),
  };
}

test('a model has the operators, shapes and weights that TFLite wants', () => {
  const bytes = new ByteBuffer(tfliteModel(graphOf([conv, pool])));
  const reader = new Reader(bytes);
  const model = reader.root();
  expect(bytes.__has_identifier('TFL3')).toBe(true);
  expect(reader.int(model, FIELD.Model.version)).toBe(3);

  const codes = reader.tables(model, FIELD.Model.operatorCodes);
  const [graph] = reader.tables(model, FIELD.Model.subgraphs) as [number];
  const operators = reader.tables(graph, FIELD.SubGraph.operators).map((operator) => {
    const code = codes[reader.int(operator, FIELD.Operator.opcodeIndex)]!;
    return {
      code: reader.int(code, FIELD.OperatorCode.builtinCode),
      inputs: reader.ints(operator, FIELD.Operator.inputs),
      outputs: reader.ints(operator, FIELD.Operator.outputs),
    };
  });
  // TensorFlow's SAME would pad the convolution's input only below and to the right, but is what the maximum wants.
  expect(operators.map(({ code }) => code)).toEqual([BUILTIN.PAD.code, BUILTIN.CONV_2D.code, BUILTIN.MAX_POOL_2D.code]);
  expect(reader.ints(graph, FIELD.SubGraph.inputs)).toEqual([operators[0]!.inputs[0]]);
  expect(operators[1]!.inputs[0]).toBe(operators[0]!.outputs[0]);
  expect(reader.ints(graph, FIELD.SubGraph.outputs)).toEqual(operators[2]!.outputs);

  const tensors = reader.tables(graph, FIELD.SubGraph.tensors);
  const buffers = reader.tables(model, FIELD.Model.buffers);
  const [, filter, bias] = operators[1]!.inputs.map((index) => tensors[index]!) as [number, number, number];
  expect(reader.ints(filter, FIELD.Tensor.shape)).toEqual([2, 3, 3, 1]);
  const even = Array.from({ length: 9 }, (_, tap) => 2 * tap);
  const data = (tensor: number): Float32Array => reader.floats(buffers[reader.int(tensor, FIELD.Tensor.buffer)]!);
  expect([...data(filter)]).toEqual([...even, ...even.map((value) => value + 1)]);
  expect([...data(bias)]).toEqual([10, 20]);
});

test('what is none of a plain ResNet is refused by name', () => {
  const gate: GraphNode = { op: 'Sigmoid', inputs: [3], outputs: [4], attributes: {} };
  expect(() => tfliteModel(graphOf([conv, gate]))).toThrow(UnsupportedOperationError);
  const linear = { ...conv, attributes: { ...conv.attributes, activation: 'linear' } };
  // Zeros around it would be larger than what a maximum may see.
  expect(() => tfliteModel(graphOf([linear, pool]))).toThrow(/'MaxPool' has no counterpart in TFLite/);
});

/** Reads tables by the numbers of their fields. */
class Reader {
  readonly #bytes: ByteBuffer;

  constructor(bytes: ByteBuffer) {
    this.#bytes = bytes;
  }

  root(): number {
    return this.#bytes.readInt32(this.#bytes.position()) + this.#bytes.position();
  }

  int(table: number, field: number): number {
    return this.#bytes.readInt32(this.#at(table, field));
  }

  ints(table: number, field: number): number[] {
    const start = this.#vector(table, field);
    return this.#indices(table, field).map((index) => this.#bytes.readInt32(start + 4 * index));
  }

  tables(table: number, field: number): number[] {
    const start = this.#vector(table, field);
    return this.#indices(table, field).map((index) => this.#bytes.__indirect(start + 4 * index));
  }

  /** A buffer's data, where it lies: `Float32Array` itself refuses what is not aligned. */
  floats(buffer: number): Float32Array {
    const start = this.#vector(buffer, FIELD.Buffer.data) + this.#bytes.bytes().byteOffset;
    const length = this.#bytes.__vector_len(this.#at(buffer, FIELD.Buffer.data));
    return new Float32Array(this.#bytes.bytes().buffer, start, length / 4);
  }

  #at(table: number, field: number): number {
    return table + this.#bytes.__offset(table, 4 + 2 * field);
  }

  #vector(table: number, field: number): number {
    return this.#bytes.__vector(this.#at(table, field));
  }

  #indices(table: number, field: number): number[] {
    return [...Array(this.#bytes.__vector_len(this.#at(table, field))).keys()];
  }
}
