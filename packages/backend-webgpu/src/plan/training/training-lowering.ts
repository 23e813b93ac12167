import type { GraphNode, ValueId } from '@residual/compile';
import type { Convolution } from '../../shaders/convolution.ts';
import type { DirectBlocking } from '../../shaders/direct-convolution.ts';
import { elementwise } from '../../shaders/elementwise.ts';
import { averagePoolGradient } from '../../shaders/training/average-pool-gradient.ts';
import {
  type BatchNorm,
  chunksOf,
  gradientOfChunks,
  gradientOfInput,
  joinGradient,
  joinStatistics,
  normalize,
  statisticsOfChunks,
} from '../../shaders/training/batch-norm.ts';
import {
  filterGradient,
  filterGradientParts,
  inputGradient,
  multiplyAddsOf,
  sumOfParts,
  type TrainedConvolution,
} from '../../shaders/training/convolution-gradients.ts';
import { addAll, type Reduction, reduceChannels, reduceRows, sumAll } from '../../shaders/training/reductions.ts';
import { stateUpdate } from '../../shaders/training/state-update.ts';
import { channelsOf, PART_BYTES, type PlanBuilder, rowsOf, type Slot } from '../plan-builder.ts';
import { blockingOf, type ChooseVariant } from '../variants.ts';
import { windowOf } from '../window-of.ts';
import { MOST_BUFFERS, type StateUpdates, stateUpdates } from './state-updates.ts';

type Pair = readonly [number, number];
type Slots<Count extends 3 | 5> = Count extends 3 ? [Slot, Slot, Slot] : [Slot, Slot, Slot, Slot, Slot];

/** What a step of training has besides the operations of a forward pass. */
export class TrainingLowering {
  readonly #builder: PlanBuilder;
  readonly #choose: ChooseVariant;
  readonly #updates: StateUpdates;
  /** Where the roles of each group of updates lie. */
  readonly #roles: readonly (readonly Slot[])[];
  readonly #counts: readonly number[];
  /** Nodes that others compute too. */
  readonly #done = new Set<GraphNode>();
  readonly #readers = new Map<ValueId, GraphNode[]>();
  readonly #computed = new Set<ValueId>();

  /** Gives what needs a place for the whole run one; inputs are placed after that. */
  constructor(builder: PlanBuilder, choose: ChooseVariant, carried: ReadonlySet<string>) {
    this.#builder = builder;
    this.#choose = choose;
    const { graph } = builder;
    for (const { value } of graph.inputs) this.#computed.add(value);
    for (const node of graph.nodes) {
      for (const id of node.inputs) this.#readers.set(id, [...(this.#readers.get(id) ?? []), node]);
    }
    this.#updates = stateUpdates(graph, carried);
    const placed = new Set<ValueId>();
    const groups = this.#updates.groups.map(({ roles, members, results }) => {
      let sizeBytes = 0;
      const offsets = members.map(([id]) => {
        const offset = sizeBytes;
        const bytes = (rowsOf(graph.values[id!]!.shape) + 1) * builder.pitchOf(id!) * 4;
        sizeBytes += Math.ceil(bytes / PART_BYTES) * PART_BYTES;
        return offset;
      });
      const slots = roles.map((_, role) => {
        const values = members.map((member, index) => {
          const result = results[index]!.get(role);
          return [member[role]!, ...(result === undefined ? [] : [result])];
        });
        for (const id of values.flat()) placed.add(id);
        return builder.placeTogether(values, offsets, sizeBytes);
      });
      return { slots, count: sizeBytes / 16 };
    });
    this.#roles = groups.map(({ slots }) => slots);
    this.#counts = groups.map(({ count }) => count);
    const filters = graph.nodes.filter(takesFilter).map(({ inputs }) => inputs[1]!);
    const state = graph.inputs.filter(({ name }) => carried.has(name)).map(({ value }) => value);
    for (const id of [...this.#updates.groups.flatMap(({ scalars }) => scalars), ...filters, ...state]) {
      if (builder.isConstant(id) || placed.has(id)) continue;
      placed.add(id);
      builder.placeTogether([[id]], [0], (rowsOf(graph.values[id]!.shape) + 1) * builder.pitchOf(id) * 4);
    }
  }

  /** @returns Whether the node is one of these, and lowered. */
  lower(node: GraphNode): boolean {
    const isLowered = this.#done.has(node) || this.#updates.nodes.has(node) || this.#lower(node);
    for (const id of node.outputs) this.#computed.add(id);
    return isLowered;
  }

  /** The updates of state come last: all else reads it as it was. */
  finish(): void {
    for (const [index, { lines, roles, scalars }] of this.#updates.groups.entries()) {
      const shader = stateUpdate({ count: this.#counts[index]!, lines, roles, scalarCount: scalars.length });
      const numbers = scalars.map((id) => this.#builder.slotOf(id));
      this.#builder.dispatch('update', shader, [...this.#roles[index]!, ...numbers], {
        algorithm: 'update',
        multiplyAdds: 0,
      });
    }
  }

  #lower(node: GraphNode): boolean {
    switch (node.op) {
      case 'BatchNormTraining':
        return this.#batchNorm(node);
      case 'FusedBatchNorm':
        return this.#fixedBatchNorm(node);
      case 'BatchNormTrainingGrad':
        return this.#batchNormGradient(node);
      case 'Conv2DBackpropInput':
        return this.#inputGradient(node, node.inputs[0]!, node.inputs[1]!, this.#convolutionOf(node, 'input'));
      case 'Conv2DBackpropFilter':
        return this.#filterGradient(node, node.inputs[0]!, node.inputs[1]!, this.#convolutionOf(node, 'filter'));
      case 'FusedMatMul':
        return this.#matrixGradient(node);
      case 'ReluGrad':
        return this.#reluGradient(node);
      case 'AvgPoolGrad':
        return this.#averagePoolGradient(node);
      case 'Sum':
      case 'Max':
        return this.#reduction(node, node.op === 'Sum' ? 'sum' : 'max');
      case 'AddN':
        return this.#addAll(node);
      default:
        return false;
    }
  }

  /** By the batch's own statistics, which come out too. */
  #batchNorm(node: GraphNode): boolean {
    const builder = this.#builder;
    const { label = 'batch norm', inputs, outputs, attributes } = node;
    const [x, scale, offset] = inputs.map((id) => builder.slotOf(id)) as Slots<3>;
    const norm = this.#normOf(inputs[0]!);
    const partial = builder.scratch(chunksOf(norm) * norm.vectors * 8);
    const [mean, variance] = outputs.slice(1).map((id) => builder.place(id)) as [Slot, Slot];
    builder.dispatch(label, statisticsOfChunks(norm), [x, partial], STATISTICS);
    builder.dispatch(label, joinStatistics(norm), [partial, mean, variance], STATISTICS);
    this.#normalize(node, norm, [x, mean, variance, scale, offset], attributes['varianceEpsilon'] as number);
    return true;
  }

  /** By statistics that each run brings, as an evaluation between steps does. */
  #fixedBatchNorm(node: GraphNode): boolean {
    const builder = this.#builder;
    const { hasOffset, hasScale, varianceEpsilon } = node.attributes;
    if (!hasOffset || !hasScale || node.inputs.some((id) => builder.isConstant(id))) return false;
    const [x, mean, variance, offset, scale] = node.inputs.map((id) => builder.slotOf(id)) as Slots<5>;
    const norm = this.#normOf(node.inputs[0]!);
    this.#normalize(node, norm, [x, mean, variance, scale, offset], varianceEpsilon as number);
    return true;
  }

  /** With the sum and the ReLU that follow, if nothing else reads what is between. */
  #normalize(node: GraphNode, norm: BatchNorm, slots: Slots<5>, epsilon: number): void {
    const builder = this.#builder;
    const added = this.#fusedAdd(node, node.outputs[0]!);
    const sum = added?.result ?? node.outputs[0]!;
    const rectifier = this.#soleReader(sum, 'Relu');
    if (rectifier) this.#done.add(rectifier);
    const residual = added ? [builder.slotOf(added.other)] : [];
    const y = builder.place(rectifier?.outputs[0] ?? sum);
    const shader = normalize({
      ...norm,
      epsilon,
      hasResidual: residual.length > 0,
      isRectified: rectifier !== undefined,
    });
    builder.dispatch(node.label ?? 'batch norm', shader, [...slots, ...residual, y]);
  }

  #batchNormGradient({ label = 'batch norm', inputs, outputs, attributes }: GraphNode): boolean {
    const builder = this.#builder;
    const [dy, x, scale, mean, variance] = inputs.map((id) => builder.slotOf(id)) as Slots<5>;
    const epsilon = attributes['varianceEpsilon'] as number;
    const norm = this.#normOf(inputs[1]!);
    const partial = builder.scratch(chunksOf(norm) * norm.vectors * 8);
    const [dx, dScale, dOffset] = outputs.map((id) => builder.place(id)) as Slots<3>;
    builder.dispatch(label, gradientOfChunks(norm), [dy, x, mean, partial], STATISTICS);
    builder.dispatch(label, joinGradient(norm, epsilon), [partial, variance, dScale, dOffset], STATISTICS);
    builder.dispatch(label, gradientOfInput(norm, epsilon), [dy, x, scale, mean, variance, dScale, dOffset, dx]);
    return true;
  }

  #inputGradient(node: GraphNode, dy: ValueId, filter: ValueId, convolution: TrainedConvolution | undefined): boolean {
    const builder = this.#builder;
    if (convolution === undefined || convolution.inChannels % 4 !== 0 || builder.isConstant(filter)) return false;
    const slots = [builder.slotOf(dy), builder.slotOf(filter)];
    const added = this.#fusedAdd(node, node.outputs[0]!);
    if (added) slots.push(builder.slotOf(added.other));
    const sum = added?.result ?? node.outputs[0]!;
    const mask = this.#soleReader(sum, 'ReluGrad');
    const isMasked = mask !== undefined && mask.inputs[0] === sum && this.#computed.has(mask.inputs[1]!);
    if (isMasked) {
      this.#done.add(mask);
      slots.push(builder.slotOf(mask.inputs[1]!));
    }
    slots.push(builder.place(isMasked ? mask.outputs[0]! : sum));
    builder.dispatch(
      node.label ?? 'gradient of input',
      inputGradient(convolution, { hasOther: added !== undefined, isMasked }, this.#blockingOf(convolution)),
      slots,
      { algorithm: 'input gradient', multiplyAdds: multiplyAddsOf(convolution) },
    );
    return true;
  }

  #filterGradient(node: GraphNode, x: ValueId, dy: ValueId, convolution: TrainedConvolution | undefined): boolean {
    const builder = this.#builder;
    if (convolution === undefined || builder.isConstant(x) || builder.isConstant(dy)) return false;
    const { kernel, inChannels, outVectors } = convolution;
    const { rows, columns } = this.#blockingOf(convolution, 4);
    const division = filterGradientParts(convolution, rows * columns);
    const { parts } = division;
    const vectors = kernel[0] * kernel[1] * inChannels * outVectors;
    const partial = builder.scratch(parts * vectors * 4);
    const label = node.label ?? 'gradient of filter';
    const work = { algorithm: 'filter gradient', multiplyAdds: multiplyAddsOf(convolution) };
    const slots = [builder.slotOf(x), builder.slotOf(dy)];
    const filter = builder.place(node.outputs[0]!);
    builder.dispatch(label, filterGradient(convolution, division), [...slots, partial], work);
    builder.dispatch(label, sumOfParts(vectors, parts), [partial, filter], { ...work, multiplyAdds: 0 });
    return true;
  }

  /** A product with a transposed matrix is a gradient of a 1×1 convolution. */
  #matrixGradient(node: GraphNode): boolean {
    const { transposeA, transposeB, hasBias, activation } = node.attributes;
    if (hasBias || activation !== 'linear' || transposeA === transposeB) return false;
    const [a, b] = node.inputs as [ValueId, ValueId];
    const { values } = this.#builder.graph;
    const [rows, columns] = values[a]!.shape as [number, number];
    const ofOne = { height: 1, width: 1, outHeight: 1, outWidth: 1, isNarrow: false } as const;
    const window = { kernel: [1, 1], strides: [1, 1], padBefore: [0, 0] } as const;
    if (transposeB) {
      const [inChannels] = values[b]!.shape as [number, number];
      const outVectors = Math.ceil(columns / 4);
      return this.#inputGradient(node, a, b, { ...ofOne, ...window, batch: rows, inChannels, outVectors });
    }
    const outVectors = Math.ceil(channelsOf(values[b]!.shape) / 4);
    return this.#filterGradient(node, a, b, { ...ofOne, ...window, batch: rows, inChannels: columns, outVectors });
  }

  #reluGradient({ label = 'ReLU', inputs, outputs }: GraphNode): boolean {
    const builder = this.#builder;
    const { shape } = builder.graph.values[outputs[0]!]!;
    const shader = elementwise({
      rows: rowsOf(shape),
      channels: channelsOf(shape),
      expression: 'select(vec4f(), a, b > vec4f())',
      operand: { rowsPerRow: 1, isScalar: false },
    });
    const slots = inputs.map((id) => builder.slotOf(id));
    builder.dispatch(label, shader, [...slots, builder.place(outputs[0]!)]);
    return true;
  }

  #averagePoolGradient(node: GraphNode): boolean {
    const builder = this.#builder;
    const { values } = builder.graph;
    const [dy, x] = node.inputs as [ValueId, ValueId];
    const shader = averagePoolGradient(windowOf(node, values[x]!.shape, values[dy]!.shape));
    builder.dispatch(node.label ?? 'average pool', shader, [builder.slotOf(dy), builder.place(node.outputs[0]!)]);
    return true;
  }

  #reduction({ op, label = op, inputs, outputs, attributes }: GraphNode, kind: Reduction): boolean {
    const builder = this.#builder;
    const [x] = inputs as [ValueId];
    const { shape, dtype } = builder.graph.values[x]!;
    if (builder.isConstant(x) || dtype !== 'float32') return false;
    const axes = [...(attributes['axis'] as number[])].sort((a, b) => a - b).join();
    const sizes = { rows: rowsOf(shape), channels: channelsOf(shape) };
    const all = shape.map((_, axis) => axis);
    const shader =
      axes === all.slice(0, -1).join() && shape.length > 1
        ? reduceRows(kind, sizes)
        : // A number a row, as channels lie; without the last axis they would lie end to end.
          axes === String(shape.length - 1) && channelsOf(builder.graph.values[outputs[0]!]!.shape) === 1
          ? reduceChannels(kind, sizes)
          : axes === all.join() && kind === 'sum'
            ? sumAll(sizes)
            : undefined;
    if (shader === undefined) return false;
    builder.dispatch(label, shader, [builder.slotOf(x), builder.place(outputs[0]!)], STATISTICS);
    return true;
  }

  #addAll({ op, label = op, inputs, outputs }: GraphNode): boolean {
    const builder = this.#builder;
    const [out] = outputs as [ValueId];
    const { shape } = builder.graph.values[out]!;
    if (inputs.some((id) => builder.isConstant(id))) return false;
    const vectors = rowsOf(shape) * Math.ceil(channelsOf(shape) / 4);
    const terms = inputs.map((id) => builder.slotOf(id));
    const y = builder.place(out);
    while (terms.length > 0) {
      const some = terms.splice(0, MOST_BUFFERS - 1);
      const sum = terms.length === 0 ? y : builder.scratch(vectors * 4);
      builder.dispatch(label, addAll(vectors, some.length), [...some, sum], STATISTICS);
      if (sum !== y) terms.unshift(sum);
    }
    return true;
  }

  /**
   * As for a convolution that computes what the gradient is of, of no more than so many vectors. Gradients split no channels, so
   * it is asked for one of a single vector.
   */
  #blockingOf(convolution: TrainedConvolution, vectors = Math.ceil(convolution.inChannels / 4)): DirectBlocking {
    const { batch, height, width, kernel, padBefore } = convolution;
    const forward: Convolution = {
      batch,
      height,
      width,
      outHeight: height,
      outWidth: width,
      inVectors: 1,
      outVectors: vectors,
      groups: 1,
      narrowChannels: 0,
      kernel,
      strides: [1, 1],
      dilations: [1, 1],
      padBefore,
      residual: 'none',
      activation: 'linear',
    };
    return blockingOf(this.#choose(forward, true), forward);
  }

  #normOf(x: ValueId): BatchNorm {
    const { shape } = this.#builder.graph.values[x]!;
    return { rows: rowsOf(shape), vectors: Math.ceil(channelsOf(shape) / 4) };
  }

  /** The convolution that a gradient is of; nothing for a dilated one. */
  #convolutionOf(node: GraphNode, of: 'input' | 'filter'): TrainedConvolution | undefined {
    const builder = this.#builder;
    const { values } = builder.graph;
    const { attributes, inputs, outputs } = node;
    const [dy, image, filter] =
      of === 'input' ? [inputs[0]!, outputs[0]!, inputs[1]!] : [inputs[1]!, inputs[0]!, outputs[0]!];
    const [batch, height, width, inChannels] = values[image]!.shape as [number, number, number, number];
    const [, outHeight, outWidth, outChannels] = values[dy]!.shape as [number, number, number, number];
    const [kernelHeight, kernelWidth, ofGroup] = values[filter]!.shape as [number, number, number];
    const [[top], [left]] = attributes['pad'] as unknown as [Pair, Pair];
    const dilations = (attributes['dilations'] as Pair | undefined) ?? [1, 1];
    if (ofGroup !== inChannels || dilations.some((size) => size !== 1)) return undefined;
    return {
      batch,
      height,
      width,
      inChannels,
      isNarrow: of === 'filter' && builder.isNarrow(image),
      kernel: [kernelHeight, kernelWidth],
      strides: attributes['strides'] as Pair,
      padBefore: [top, left],
      outHeight,
      outWidth,
      outVectors: Math.ceil(outChannels / 4),
    };
  }

  /** A sum with another value of the shape, which nothing but it reads `value` for, and whose other part is there already. */
  #fusedAdd(node: GraphNode, value: ValueId): { readonly other: ValueId; readonly result: ValueId } | undefined {
    const { values, constants } = this.#builder.graph;
    const sum = this.#soleReader(value, 'Add');
    if (sum === undefined || sum.inputs[0] === sum.inputs[1]) return undefined;
    const other = sum.inputs.find((id) => id !== value)!;
    const fits = String(values[other]!.shape) === String(values[value]!.shape) && !constants.has(other);
    if (!fits || !this.#computed.has(other) || this.#updates.nodes.has(sum) || node === sum) return undefined;
    this.#done.add(sum);
    return { other, result: sum.outputs[0]! };
  }

  #soleReader(value: ValueId, op: string): GraphNode | undefined {
    const readers = this.#readers.get(value) ?? [];
    const isOutput = this.#builder.graph.outputs.some((output) => output.value === value);
    return readers.length === 1 && readers[0]!.op === op && !isOutput ? readers[0] : undefined;
  }
}

/** Whether its second input is read as a filter, with a row of zeros after it for the bias. */
function takesFilter({ op, attributes }: GraphNode): boolean {
  return op === 'FusedConv2D' || (op === 'FusedMatMul' && !attributes['transposeA'] && !attributes['transposeB']);
}

const STATISTICS = { algorithm: 'reduce', multiplyAdds: 0 } as const;
