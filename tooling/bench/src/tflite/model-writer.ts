import { BUILTIN, type BuiltinName, FIELD, FILE_IDENTIFIER, SCHEMA_VERSION, TENSOR_TYPE } from './schema.ts';
import { type Field, type Offset, TableBuilder } from './table-builder.ts';

interface TfliteTensor {
  readonly name: string;
  readonly dtype: keyof typeof TENSOR_TYPE;
  readonly shape: readonly number[];
  /** Of constants, row-major. */
  readonly data?: Float32Array | Int32Array;
}

interface TfliteOperator {
  readonly name: BuiltinName;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: readonly Field[];
}

/** Collects tensors and operators of one model, and encodes it; both are named by their numbers. */
export class TfliteModelWriter {
  readonly #tensors: TfliteTensor[] = [];
  readonly #operators: TfliteOperator[] = [];

  tensor(tensor: TfliteTensor): number {
    return this.#tensors.push(tensor) - 1;
  }

  operator(
    name: BuiltinName,
    inputs: readonly number[],
    outputs: readonly number[],
    options: readonly Field[] = [],
  ): void {
    this.#operators.push({ name, inputs, outputs, options });
  }

  encode(inputs: readonly number[], outputs: readonly number[], description: string): Uint8Array {
    const weightBytes = this.#tensors.reduce((sum, { data }) => sum + (data?.byteLength ?? 0), 0);
    const builder = new TableBuilder(weightBytes + (1 << 16));
    const { Model, SubGraph, Buffer } = FIELD;
    // The first buffer is everybody's who has no data.
    const buffers = [builder.table()];
    const tensors = this.#tensors.map((tensor) => {
      if (tensor.data !== undefined) buffers.push(builder.table([Buffer.data, 'offset', builder.bytes(tensor.data)]));
      return encodeTensor(builder, tensor, tensor.data === undefined ? 0 : buffers.length - 1);
    });
    const names = [...new Set(this.#operators.map(({ name }) => name))];
    const operators = this.#operators.map((operator) =>
      encodeOperator(builder, operator, names.indexOf(operator.name)),
    );
    const subgraph = builder.table(
      [SubGraph.tensors, 'offset', builder.offsets(tensors)],
      [SubGraph.inputs, 'offset', builder.ints(inputs)],
      [SubGraph.outputs, 'offset', builder.ints(outputs)],
      [SubGraph.operators, 'offset', builder.offsets(operators)],
    );
    const codes = names.map((name) => encodeCode(builder, name));
    const model = builder.table(
      [Model.version, 'int32', SCHEMA_VERSION],
      [Model.operatorCodes, 'offset', builder.offsets(codes)],
      [Model.subgraphs, 'offset', builder.offsets([subgraph])],
      [Model.description, 'offset', builder.text(description)],
      [Model.buffers, 'offset', builder.offsets(buffers)],
    );
    return builder.finish(model, FILE_IDENTIFIER);
  }
}

function encodeTensor(builder: TableBuilder, { name, dtype, shape }: TfliteTensor, buffer: number): Offset {
  const { Tensor } = FIELD;
  return builder.table(
    [Tensor.shape, 'offset', builder.ints(shape)],
    [Tensor.type, 'int8', TENSOR_TYPE[dtype]],
    [Tensor.buffer, 'int32', buffer],
    [Tensor.name, 'offset', builder.text(name)],
  );
}

function encodeOperator(builder: TableBuilder, operator: TfliteOperator, opcodeIndex: number): Offset {
  const { Operator } = FIELD;
  return builder.table(
    [Operator.opcodeIndex, 'int32', opcodeIndex],
    [Operator.inputs, 'offset', builder.ints(operator.inputs)],
    [Operator.outputs, 'offset', builder.ints(operator.outputs)],
    [Operator.optionsType, 'int8', BUILTIN[operator.name].options],
    [Operator.options, 'offset', builder.table(...operator.options)],
  );
}

/** The code is there twice: the first field is where files had it while codes fitted a byte. */
function encodeCode(builder: TableBuilder, name: BuiltinName): Offset {
  const { OperatorCode } = FIELD;
  const { code } = BUILTIN[name];
  return builder.table(
    [OperatorCode.deprecatedBuiltinCode, 'int8', code],
    [OperatorCode.version, 'int32', 1],
    [OperatorCode.builtinCode, 'int32', code],
  );
}
