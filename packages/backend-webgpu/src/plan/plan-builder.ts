import { EngineError, type EngineStep, type Graph, type GraphNode, type ValueId } from '@residual/compile';
import { narrowToHalf } from '@residual/weights/half';
import { BYTES, type NumberType, type Shader, wgsl } from '../shaders/shader.ts';
import { assignBuffers, type Lifetime } from './assign-buffers.ts';
import type { Plan, PlanTensor } from './plan.ts';

/** Of operations whose dispatches do not say theirs. */
const ALGORITHMS: Readonly<Record<string, string>> = {
  MaxPool: 'pool',
  AvgPool: 'pool',
  Mean: 'pool',
  Max: 'pool',
  Softmax: 'softmax',
  Reshape: 'copy',
  PadV2: 'copy',
  MirrorPad: 'copy',
  Slice: 'copy',
  Concat: 'copy',
};

/** A place for a value while the plan is built: a buffer's number is known only at the end. */
export type Slot = ValueSlot | { readonly weights: number };

export interface ValueSlot {
  readonly slot: number;
  readonly part?: Part;
}

/** A part of a slot, in bytes; it begins at a multiple of {@link PART_BYTES}. */
export interface Part {
  readonly offset: number;
  readonly size: number;
}

/** The largest alignment of a part that a device may ask for. */
export const PART_BYTES = 256;

interface Operation {
  readonly label: string;
  readonly code: string;
  readonly shader: Shader;
  readonly slots: readonly Slot[];
  readonly step: EngineStep;
}

/** How a dispatch computes, and the multiply-adds that it does. */
export interface DispatchWork {
  readonly algorithm: string;
  readonly multiplyAdds: number;
}

/** A plan and what makes its blocks of weights. */
export interface BuiltPlan {
  readonly plan: Plan;
  /** What each of the plan's steps is part of and takes. */
  readonly steps: readonly EngineStep[];
  pack(block: number): Float32Array | Uint16Array;
}

/** Collects operations and lifetimes, node by node in the graph's order. */
export class PlanBuilder {
  readonly graph: Graph;
  /** Of the values between inputs and outputs, and of weights. */
  readonly #type: NumberType;
  readonly #lastReads = new Map<ValueId, number>();
  readonly #aliases = new Map<ValueId, ValueId>();
  readonly #slots = new Map<ValueId, number>();
  readonly #parts = new Map<ValueId, ValueSlot>();
  readonly #lifetimes: { type: NumberType; sizeBytes: number; first: number; last: number }[] = [];
  readonly #operations: Operation[] = [];
  readonly #blocks: { label: string; sizeBytes: number; pack: () => Float32Array }[] = [];
  #step = -1;

  constructor(graph: Graph, isAlias: (node: GraphNode) => boolean, type: NumberType) {
    this.graph = graph;
    this.#type = type;
    for (const [step, node] of graph.nodes.entries()) {
      if (isAlias(node)) this.#aliases.set(node.outputs[0]!, this.#root(node.inputs[0]!));
      for (const id of node.inputs) this.#lastReads.set(this.#root(id), step);
    }
    for (const { value } of graph.outputs) this.#lastReads.set(this.#root(value), graph.nodes.length);
  }

  /** Makes room for the inputs that have none yet: first of all, but for what shares a slot. */
  placeInputs(): void {
    for (const { value } of this.graph.inputs) if (!this.#slots.has(value)) this.place(value);
  }

  /** Gives values that do not share a slot otherwise one for the whole run, each a part of it, beginning at `offset` bytes. */
  placeTogether(values: readonly (readonly ValueId[])[], offsets: readonly number[], sizeBytes: number): Slot {
    const slot = this.#lifetimes.push({ type: 'f32', sizeBytes, first: -1, last: this.graph.nodes.length }) - 1;
    for (const [index, ids] of values.entries()) {
      for (const id of ids) {
        const { shape } = this.graph.values[id]!;
        const size = (rowsOf(shape) + 1) * this.pitchOf(id) * BYTES.f32;
        this.#parts.set(this.#root(id), { slot, part: { offset: offsets[index]!, size } });
        this.#slots.set(this.#root(id), slot);
      }
    }
    return { slot };
  }

  /** Begins the next node; its operations have its place in the order. */
  next(): void {
    this.#step += 1;
  }

  isAlias(node: GraphNode): boolean {
    return this.#aliases.has(node.outputs[0]!);
  }

  /** Numbers a row of the last axis takes; an image that only narrow convolutions read has no padding. */
  pitchOf(id: ValueId): number {
    const channels = channelsOf(this.graph.values[id]!.shape);
    return this.isNarrow(id) ? channels : Math.ceil(channels / 4) * 4;
  }

  isNarrow(id: ValueId): boolean {
    const { inputs, nodes, values } = this.graph;
    if (channelsOf(values[id]!.shape) > 3 || !inputs.some(({ value }) => value === id)) return false;
    const readers = nodes.filter((node) => node.inputs.includes(id));
    return readers.every(
      ({ op, inputs: [x, ...others], attributes }) =>
        x === id &&
        !others.includes(id) &&
        (op === 'Conv2DBackpropFilter' || (op === 'FusedConv2D' && attributes['groups'] === 1)),
    );
  }

  isConstant(id: ValueId): boolean {
    return this.graph.constants.has(id);
  }

  /** Where a value that is computed already lies. */
  slotOf(id: ValueId): Slot {
    const root = this.#root(id);
    return this.#parts.get(root) ?? { slot: this.#slots.get(root)! };
  }

  /** Makes room for a value that this node computes. */
  place(id: ValueId): Slot {
    const part = this.#parts.get(id);
    if (part !== undefined) return part;
    const { shape } = this.graph.values[id]!;
    const last = this.#lastReads.get(id) ?? this.#step;
    const slot = this.#newSlot(rowsOf(shape) * this.pitchOf(id), this.#typeOf(id), last);
    this.#slots.set(id, slot);
    return { slot };
  }

  /** Lets this node write its result over an input that nothing reads later, if that is so and its numbers are as wide. */
  placeOver(id: ValueId, input: ValueId): Slot | undefined {
    const root = this.#root(input);
    if (this.#parts.has(root) || this.#parts.has(id)) return undefined;
    if (this.#lastReads.get(root) !== this.#step) return undefined;
    const slot = this.#slots.get(root)!;
    const lifetime = this.#lifetimes[slot]!;
    if (lifetime.type !== this.#typeOf(id)) return undefined;
    lifetime.last = Math.max(lifetime.last, this.#lastReads.get(id) ?? this.#step);
    this.#slots.set(id, slot);
    return { slot };
  }

  /** Room for numbers between the operations of this node. */
  scratch(count: number): Slot {
    return { slot: this.#newSlot(count, this.#type, this.#step) };
  }

  /** Room for `count` numbers, in whole vectors. */
  weights(count: number, pack: () => Float32Array): Slot {
    const { label, op } = this.graph.nodes[this.#step]!;
    return { weights: this.#blocks.push({ label: label ?? op, sizeBytes: count * BYTES[this.#type], pack }) - 1 };
  }

  dispatch(label: string, shader: Shader, slots: readonly Slot[], work?: DispatchWork): void {
    const { op, outputs } = this.graph.nodes[this.#step]!;
    const { algorithm, multiplyAdds } = work ?? { algorithm: ALGORITHMS[op] ?? 'pointwise', multiplyAdds: 0 };
    const step = { value: outputs[0]!, algorithm, multiplyAdds, ...this.#bytesOf(slots) };
    const types = slots.map((slot) => ('slot' in slot ? this.#lifetimes[slot.slot]!.type : this.#type));
    this.#operations.push({ label, code: wgsl(shader, types), shader, slots, step });
  }

  /** Of a dispatch: it writes the node's value, or else the last of its slots. */
  #bytesOf(slots: readonly Slot[]): Pick<EngineStep, 'weightBytes' | 'readBytes' | 'writtenBytes'> {
    const { op, outputs } = this.graph.nodes[this.#step]!;
    const own = this.#slots.get(outputs[0]!);
    const last = slots.at(-1)!;
    const isOwn = (slot: Slot): boolean => 'slot' in slot && slot.slot === own;
    const written = slots.find(isOwn) ?? last;
    const sizeOf = (slot: Slot): number =>
      'slot' in slot
        ? (slot.part?.size ?? this.#lifetimes[slot.slot]!.sizeBytes)
        : this.#blocks[slot.weights]!.sizeBytes;
    const sum = (some: readonly Slot[]): number => some.reduce((bytes, slot) => bytes + sizeOf(slot), 0);
    const readBytes = sum(slots.filter((slot) => 'slot' in slot && slot !== written));
    return {
      weightBytes: sum(slots.filter((slot) => 'weights' in slot)),
      readBytes,
      // Each part of a join writes itself.
      writtenBytes: op === 'Concat' ? readBytes : sizeOf(written),
    };
  }

  /** @param carried Names of inputs that stay on the device, and are replaced by outputs of these names. */
  finish(carried: ReadonlySet<string> = new Set()): BuiltPlan {
    const { bufferOf, sizesBytes } = assignBuffers(this.#lifetimes satisfies Lifetime[]);
    const shaders = [...new Set(this.#operations.map(({ code }) => code))];
    const tensor = ({ name, value }: { name: string; value: ValueId }): PlanTensor => {
      const offset = this.#parts.get(this.#root(value))?.part?.offset;
      return {
        name,
        shape: this.graph.values[value]!.shape,
        buffer: bufferOf[this.#slots.get(this.#root(value))!]!,
        ...(offset !== undefined && { offset }),
        pitch: this.pitchOf(value),
      };
    };
    const isCarried = ({ name }: { name: string }): boolean => carried.has(name);
    const state = this.graph.inputs.filter(isCarried).map((input) => {
      const output = this.graph.outputs.find(({ name }) => name === input.name);
      return { before: tensor(input), ...(output && { after: tensor(output) }) };
    });
    const blocks = this.#blocks;
    const isHalf = this.#type === 'f16';
    return {
      plan: {
        inputs: this.graph.inputs.filter((input) => !isCarried(input)).map(tensor),
        outputs: this.graph.outputs.filter((output) => !isCarried(output)).map(tensor),
        ...(state.length > 0 && { state }),
        buffers: sizesBytes,
        weights: blocks.map(({ sizeBytes }) => sizeBytes),
        shaders,
        steps: this.#operations.map(({ label, code, shader: { workgroups, uniforms }, slots }) => ({
          label,
          shader: shaders.indexOf(code),
          workgroups,
          ...(uniforms && { uniforms: Object.values(uniforms) }),
          bindings: slots.map((slot) =>
            'slot' in slot ? { buffer: bufferOf[slot.slot]!, ...(slot.part && { part: slot.part }) } : slot,
          ),
        })),
      },
      steps: this.#operations.map(({ step }) => step),
      pack(block) {
        const { label, pack } = blocks[block]!;
        return isHalf ? narrowToHalf(pack(), (value) => tooLargeForHalf(label, value)) : pack();
      },
    };
  }

  #root(id: ValueId): ValueId {
    return this.#aliases.get(id) ?? id;
  }

  /** What comes from the host and goes to it has all its digits. */
  #typeOf(id: ValueId): NumberType {
    const { inputs, outputs } = this.graph;
    const root = this.#root(id);
    return [...inputs, ...outputs].some(({ value }) => this.#root(value) === root) ? 'f32' : this.#type;
  }

  #newSlot(count: number, type: NumberType, last: number): number {
    return this.#lifetimes.push({ type, sizeBytes: count * BYTES[type], first: this.#step, last }) - 1;
  }
}

function tooLargeForHalf(label: string, value: number): EngineError {
  const expected = 'expected weights within ±65504, the range of fp16';
  return new EngineError('UNAVAILABLE', 'webgpu', `precision: ${label}: ${expected}, got ${value}; take fp32`);
}

export function channelsOf(shape: readonly number[]): number {
  return shape.at(-1) ?? 1;
}

export function rowsOf(shape: readonly number[]): number {
  return shape.slice(0, -1).reduce((product, size) => product * size, 1);
}
