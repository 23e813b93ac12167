import {
  type BackendValues,
  type DataId,
  type DataType,
  KernelBackend,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { ConstantData, Graph, GraphDtype, GraphInput, GraphNode, GraphOutput, Value, ValueId } from '../graph.ts';
import type { KernelRule, TfjsAttributes } from '../rules/kernel-rule.ts';
import { TraceError } from './trace-error.ts';

/** A tensor of another backend that the traced function used; its data is read after the trace. */
export interface Captured {
  readonly value: ValueId;
  readonly dataId: DataId;
  readonly dtype: DataType;
}

/** A tfjs backend that computes nothing: it writes down each kernel with the shapes that come out of it. */
export class Recorder extends KernelBackend {
  readonly captured: Captured[] = [];
  /** The layer that the last recorded node belongs to, by the parameters it read. */
  lastLabel: string | undefined;
  readonly #values: Value[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #inputs: GraphInput[] = [];
  readonly #constants = new Map<ValueId, ConstantData>();
  readonly #valueIds = new Map<DataId, ValueId>();
  readonly #labels = new Map<ValueId, string>();
  readonly #variables: ReadonlyMap<DataId, string>;

  /** @param variables Names of the caller's variables, by their data. */
  constructor(variables: ReadonlyMap<DataId, string> = new Map()) {
    super();
    this.#variables = variables;
  }

  /** Declares a graph input; the tensor info is what the traced function gets in its place. */
  declare(input: Omit<GraphInput, 'value'>, { shape, dtype }: Value): TensorInfo {
    const value = this.#addValue({ shape, dtype });
    this.#inputs.push({ ...input, value });
    if (input.role === 'parameter') this.#labels.set(value, layerOf(input.name));
    return this.#tensorInfo(value);
  }

  record(
    op: string,
    rule: KernelRule,
    given: NamedTensorInfoMap,
    attributes: TfjsAttributes,
  ): TensorInfo | TensorInfo[] {
    const { present, flags } = selectInputs(op, rule, given);
    const inputs = present.map((tensor) => this.valueIdOf(tensor));
    const inferred = rule.infer(
      inputs.map((id) => this.#values[id]!),
      { ...attributes, ...flags },
    );
    const outputs = inferred.outputs.map(({ shape, dtype }) => this.#addValue({ shape, dtype }));
    const label = inputs.map((id) => this.#labels.get(id)).find((found) => found !== undefined);
    if (label !== undefined) this.lastLabel = label;
    const isOfParameters = inputs.length > 0 && inputs.every((id) => this.#labels.has(id) || this.#constants.has(id));
    if (label !== undefined && isOfParameters) for (const id of outputs) this.#labels.set(id, label);
    this.#nodes.push({
      op,
      inputs,
      outputs,
      attributes: inferred.attributes ?? {},
      ...(this.lastLabel === undefined ? {} : { label: this.lastLabel }),
    });
    const infos = outputs.map((id) => this.#tensorInfo(id));
    return rule.returnsList ? infos : infos[0]!;
  }

  valueIdOf({ dataId, shape, dtype }: TensorInfo): ValueId {
    const known = this.#valueIds.get(dataId);
    if (known !== undefined) return known;
    const variable = this.#variables.get(dataId);
    const value = this.#addValue({ shape, dtype: graphDtype(dtype), ...(variable === undefined ? {} : { variable }) });
    this.#valueIds.set(dataId, value);
    if (variable !== undefined) this.#labels.set(value, layerOf(variable));
    this.captured.push({ value, dataId, dtype });
    return value;
  }

  graph(outputs: readonly GraphOutput[], captured: ReadonlyMap<ValueId, ConstantData>): Graph {
    return {
      values: this.#values,
      nodes: this.#nodes,
      inputs: this.#inputs,
      outputs,
      constants: new Map([...this.#constants, ...captured]),
    };
  }

  override write(values: BackendValues, shape: number[], dtype: DataType): DataId {
    const value = this.#addValue({ shape, dtype: graphDtype(dtype) });
    this.#constants.set(value, constantData(values, dtype));
    return this.#tensorInfo(value).dataId;
  }

  override readSync(dataId: DataId): BackendValues {
    const constant = this.#constants.get(this.#valueIds.get(dataId)!);
    if (constant !== undefined) return constant;
    throw new TraceError(
      `${this.lastLabel ?? 'trace'}: expected operations only, got a read of a value that a run will compute; ` +
        'return the tensor as an output and read it after the run',
    );
  }

  override async read(dataId: DataId): Promise<BackendValues> {
    return this.readSync(dataId);
  }

  override numDataIds(): number {
    return this.#valueIds.size;
  }

  override refCount(): number {
    return 1;
  }

  override incRef(): void {}

  /** Nothing is held per tensor, and a value stays in the graph when its tensor goes. */
  override disposeData(): boolean {
    return false;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }

  override floatPrecision(): 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {}

  /** Each value is an object of its own, by which `verify` finds it again in an optimised graph. */
  #addValue(value: Value): ValueId {
    return this.#values.push({ ...value, shape: [...value.shape] }) - 1;
  }

  #tensorInfo(value: ValueId): TensorInfo {
    const { shape, dtype } = this.#values[value]!;
    const dataId = {};
    this.#valueIds.set(dataId, value);
    return { dataId, shape: [...shape], dtype };
  }
}

/** `layer1.0.conv1` of `layer1.0.conv1.weight`, and `conv2d_1` of tfjs-layers' `conv2d_1/kernel`. */
function layerOf(parameter: string): string {
  return parameter.replace(/[./][^./]*$/, '');
}

function selectInputs(
  op: string,
  rule: KernelRule,
  given: NamedTensorInfoMap,
): { present: TensorInfo[]; flags: Record<string, boolean> } {
  if (rule.inputs === 'list') return { present: Object.values(given) as TensorInfo[], flags: {} };
  for (const [name, tensor] of Object.entries(given)) {
    if (tensor !== undefined && tensor !== null && !rule.inputs.includes(name)) {
      throw new TraceError(
        `${op}: expected inputs ${rule.inputs.join(', ')}, got '${name}'; write it as an operation of its own`,
      );
    }
  }
  const present: TensorInfo[] = [];
  const flags: Record<string, boolean> = {};
  for (const name of rule.inputs) {
    const tensor = given[name];
    const flag = rule.optional?.[name];
    if (flag !== undefined) flags[flag] = Boolean(tensor);
    if (tensor) present.push(tensor);
  }
  return { present, flags };
}

function graphDtype(dtype: DataType): GraphDtype {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TraceError(`trace: expected tensors of float32, int32 or bool, got ${dtype}; convert it before`);
}

/** A copy of its own, of the array that the graph keeps for `dtype`. */
export function constantData(values: BackendValues, dtype: DataType): ConstantData {
  const numbers = values as ArrayLike<number>;
  if (dtype === 'int32') return Int32Array.from(numbers);
  return dtype === 'bool' ? Uint8Array.from(numbers) : Float32Array.from(numbers);
}
