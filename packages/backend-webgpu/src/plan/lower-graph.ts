import { EngineError, type Graph, type GraphNode, type ValueId } from '@residual/compile';
import { softmax } from '../shaders/elementwise.ts';
import { type Pooling, pooling, spatialPooling } from '../shaders/pooling.ts';
import { joinChannels, reflow, shift } from '../shaders/rearrange.ts';
import type { NumberType } from '../shaders/shader.ts';
import { lowerConvolution, lowerMatrixProduct } from './lower-convolution.ts';
import { lowerElementwise, lowerScaleOffset } from './lower-elementwise.ts';
import { type BuiltPlan, channelsOf, PlanBuilder, rowsOf } from './plan-builder.ts';
import { TrainingLowering } from './training/training-lowering.ts';
import type { ChooseVariant } from './variants.ts';
import { windowOf } from './window-of.ts';

type Pair = readonly [number, number];

/**
 * Turns an optimised, bound graph into a plan of dispatches.
 *
 * @param type Of weights and of the values between inputs and outputs; sums are float32.
 * @throws EngineError (`UNSUPPORTED_NODE`) for an operation without a shader.
 */
export function lowerGraph(
  graph: Graph,
  chooseVariant: ChooseVariant,
  type: NumberType = 'f32',
  carried: ReadonlySet<string> = new Set(),
): BuiltPlan {
  const builder = new PlanBuilder(graph, (node) => keepsLayout(graph, node), type);
  const training = new TrainingLowering(builder, chooseVariant, carried);
  builder.placeInputs();
  for (const node of graph.nodes) {
    builder.next();
    if (builder.isAlias(node) || training.lower(node)) continue;
    if (!lowerNode(builder, node, chooseVariant)) throw unsupported(graph, node);
  }
  training.finish();
  return builder.finish(carried);
}

/** Whether a node changes no number nor its place on the device. */
function keepsLayout({ values, constants }: Graph, { op, inputs, outputs }: GraphNode): boolean {
  if (op !== 'Reshape' && op !== 'Identity') return false;
  if (constants.has(inputs[0]!)) return false;
  const [before, after] = [inputs[0]!, outputs[0]!].map((id) => channelsOf(values[id]!.shape)) as [number, number];
  return before === after || (before % 4 === 0 && after % 4 === 0);
}

/** @returns False where there is no shader for the node. */
function lowerNode(builder: PlanBuilder, node: GraphNode, chooseVariant: ChooseVariant): boolean {
  const { values } = builder.graph;
  const isForeign = [...node.inputs, ...node.outputs].some((id) => values[id]!.dtype !== 'float32');
  if (isForeign) return false;
  if (node.op === 'FusedConv2D') return lowerConvolution(builder, node, chooseVariant);
  if (node.op === 'FusedMatMul') return lowerMatrixProduct(builder, node, chooseVariant);
  if (node.op === 'ScaleOffset') return lowerScaleOffset(builder, node);
  if (node.op === 'Concat') return lowerConcat(builder, node);
  if (lowerElementwise(builder, node)) return true;
  if (builder.isConstant(node.inputs[0]!)) return false;
  const lower = LOWERINGS[node.op];
  const shader = lower?.(node, values[node.inputs[0]!]!.shape, values[node.outputs[0]!]!.shape);
  if (shader === undefined) return false;
  const x = builder.slotOf(node.inputs[0]!);
  builder.dispatch(node.label ?? node.op, shader, [x, builder.place(node.outputs[0]!)]);
  return true;
}

/** Joins values along their channels, one dispatch each. */
function lowerConcat(builder: PlanBuilder, { op, label = op, inputs, outputs, attributes }: GraphNode): boolean {
  const { values } = builder.graph;
  const [out] = outputs as [ValueId];
  const { shape } = values[out]!;
  if (attributes['axis'] !== shape.length - 1 || inputs.some((id) => builder.isConstant(id))) return false;
  const slots = inputs.map((id) => builder.slotOf(id));
  const y = builder.place(out);
  let first = 0;
  for (const [index, id] of inputs.entries()) {
    const channels = channelsOf(values[id]!.shape);
    const shader = joinChannels({ rows: rowsOf(shape), channels, outChannels: channelsOf(shape), first });
    builder.dispatch(label, shader, [slots[index]!, y]);
    first += channels;
  }
  return true;
}

type Lowering = (
  node: GraphNode,
  shape: readonly number[],
  outShape: readonly number[],
) => ReturnType<typeof pooling> | undefined;

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  MaxPool: (node, shape, outShape) => pooling({ kind: 'max', ...windowOf(node, shape, outShape) }),
  AvgPool: (node, shape, outShape) => pooling({ kind: 'average', ...windowOf(node, shape, outShape) }),
  Mean: (node, shape) => overPicture('average', node, shape),
  Max: (node, shape) => overPicture('max', node, shape),
  Softmax: ({ attributes }, shape) =>
    attributes['dim'] === shape.length - 1 ? softmax({ rows: rowsOf(shape), channels: channelsOf(shape) }) : undefined,
  Reshape: (_, shape, outShape) =>
    reflow({
      count: rowsOf(shape) * channelsOf(shape),
      channels: channelsOf(shape),
      outChannels: channelsOf(outShape),
    }),
  PadV2: ({ attributes }, shape, outShape) => {
    const offsets = (attributes['paddings'] as unknown as Pair[]).map(([before]) => before);
    return shift({ shape, outShape, offsets, fill: attributes['constantValue'] as number });
  },
  MirrorPad: ({ attributes }, shape, outShape) => {
    const offsets = (attributes['paddings'] as unknown as Pair[]).map(([before]) => before);
    if (offsets.at(-1) !== 0 || shape.at(-1) !== outShape.at(-1)) return undefined;
    return shift({ shape, outShape, offsets, fill: attributes['mode'] as 'reflect' | 'symmetric' });
  },
  Slice: ({ attributes }, shape, outShape) => {
    const offsets = (attributes['begin'] as number[]).map((begin) => -begin);
    return shift({ shape, outShape, offsets, fill: 0 });
  },
};

function overPicture(
  kind: Pooling['kind'],
  { attributes }: GraphNode,
  shape: readonly number[],
): ReturnType<typeof pooling> | undefined {
  const [batch, height, width, channels] = shape as [number, number, number, number];
  if (shape.length !== 4 || String([...(attributes['axis'] as number[])].sort()) !== '1,2') return undefined;
  return spatialPooling({ kind, batch, pixels: height * width, vectors: Math.ceil(channels / 4) });
}

function unsupported({ values }: Graph, { op, label, inputs }: GraphNode): EngineError {
  const shapes = inputs.map((id: ValueId) => `[${values[id]!.shape}]`).join(', ');
  const counts = `expected operations that there are shaders for, got '${op}' of ${shapes}`;
  return new EngineError('UNSUPPORTED_NODE', 'webgpu', `${label ?? 'graph'}: ${counts}; take the engine tfjs()`);
}
