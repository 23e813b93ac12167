import { KernelError } from './kernel-error.ts';

/** A graph as `@residual/compile` makes it, with all parameters bound as constants. Images are NHWC, filters HWIO. */
export interface KernelGraph {
  readonly values: readonly { readonly shape: readonly number[]; readonly dtype: string }[];
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly label?: string;
  }[];
  readonly inputs: readonly KernelPort[];
  readonly outputs: readonly KernelPort[];
  /** By value, row-major. */
  readonly constants: ReadonlyMap<number, Float32Array | Int32Array | Uint8Array>;
}

/** A graph's input or output. */
export interface KernelPort {
  readonly name: string;
  readonly value: number;
}

/** A graph as the kernels take it: JSON, and the constants beside it. */
export interface SerializedGraph {
  readonly json: string;
  /** Of the arrays that a run takes, in order. */
  readonly inputNames: readonly string[];
  readonly constantIds: number[];
  readonly constants: Float32Array[];
}

/** @throws KernelError (`BAD_GRAPH`) where an input or output is not float32. */
export function serializeGraph(graph: KernelGraph): SerializedGraph {
  const { values, nodes, constants } = graph;
  for (const { name, value } of [...graph.inputs, ...graph.outputs]) {
    const dtype = values[value]?.dtype;
    if (dtype !== 'float32')
      throw new KernelError('BAD_GRAPH', `${name}: expected float32, got ${dtype}; cast it before`);
  }
  const port = ({ name, value }: KernelPort): KernelPort => ({ name, value });
  const computed = (ports: readonly KernelPort[]): KernelPort[] =>
    ports.filter(({ value }) => !constants.has(value)).map(port);
  const [inputs, outputs] = [computed(graph.inputs), computed(graph.outputs)];
  return {
    json: JSON.stringify({ values, nodes, inputs, outputs }),
    inputNames: inputs.map(({ name }) => name),
    constantIds: [...constants.keys()],
    constants: [...constants.values()].map((data) => (data instanceof Float32Array ? data : Float32Array.from(data))),
  };
}
