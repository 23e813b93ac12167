import type { GraphNode, ValueId } from '@residual/compile';
import type { Activation, Convolution } from '../shaders/convolution.ts';
import { groupingOf, packFilter } from './pack-filter.ts';
import type { PlanBuilder } from './plan-builder.ts';
import { type ChooseVariant, dispatchConvolution } from './variants.ts';

type Pair = readonly [number, number];

export function lowerConvolution(builder: PlanBuilder, node: GraphNode, choose: ChooseVariant): boolean {
  const { values } = builder.graph;
  const { attributes } = node;
  const [x, filter] = node.inputs as [ValueId, ValueId];
  const [batch, height, width, inChannels] = values[x]!.shape as [number, number, number, number];
  const [, outHeight, outWidth] = values[node.outputs[0]!]!.shape as [number, number, number];
  const [[top], [left]] = attributes['pad'] as unknown as [Pair, Pair];
  return lower(builder, node, choose, {
    image: { batch, height, width, outHeight, outWidth },
    inChannels,
    filterShape: values[filter]!.shape,
    strides: attributes['strides'] as Pair,
    dilations: attributes['dilations'] as Pair,
    padBefore: [top, left],
    groups: attributes['groups'] as number,
  });
}

/** A product with a matrix of weights: a 1×1 convolution of images of one pixel. */
export function lowerMatrixProduct(builder: PlanBuilder, node: GraphNode, choose: ChooseVariant): boolean {
  const { values } = builder.graph;
  const { transposeA, transposeB } = node.attributes;
  const [a, b] = node.inputs as [ValueId, ValueId];
  if (transposeA || values[a]!.shape.length !== 2) return false;
  const [batch, inChannels] = values[a]!.shape as [number, number];
  const [rows, columns] = values[b]!.shape as [number, number];
  return lower(builder, node, choose, {
    image: { batch, height: 1, width: 1, outHeight: 1, outWidth: 1 },
    inChannels,
    filterShape: [1, 1, ...(transposeB ? [columns, rows] : [rows, columns])],
    isTransposed: transposeB === true,
    strides: [1, 1],
    dilations: [1, 1],
    padBefore: [0, 0],
    groups: 1,
  });
}

interface Shapes extends Pick<Convolution, 'strides' | 'dilations' | 'padBefore'> {
  readonly image: Pick<Convolution, 'batch' | 'height' | 'width' | 'outHeight' | 'outWidth'>;
  readonly inChannels: number;
  /** `[h, w, in / groups, out]`. */
  readonly filterShape: readonly number[];
  readonly isTransposed?: boolean;
  readonly groups: number;
}

function lower(builder: PlanBuilder, node: GraphNode, choose: ChooseVariant, shapes: Shapes): boolean {
  const { image, inChannels, filterShape, isTransposed, groups, ...window } = shapes;
  const { constants } = builder.graph;
  const { hasBias, hasResidual, activation } = node.attributes;
  const [x, filterId, ...others] = node.inputs as [ValueId, ValueId, ...ValueId[]];
  const [out] = node.outputs as [ValueId];
  const biasId = hasBias ? others[0] : undefined;
  const residualId = hasResidual ? others.at(-1) : undefined;
  const data = constants.get(filterId) as Float32Array | undefined;
  const bias = biasId === undefined ? undefined : (constants.get(biasId) as Float32Array | undefined);
  const isGiven = data === undefined;
  if (isGiven && !takesGiven(builder, node, shapes)) return false;
  const isBound = isGiven || biasId === undefined || bias !== undefined;
  if (!isBound || builder.isConstant(x) || (residualId !== undefined && builder.isConstant(residualId))) return false;

  const [kernelHeight, kernelWidth, , outChannels] = filterShape as [number, number, number, number];
  const grouping = groupingOf(inChannels, outChannels, groups);
  const narrowChannels = builder.isNarrow(x) ? inChannels : 0;
  const xSlot = builder.slotOf(x);
  const own = residualId === undefined ? undefined : builder.slotOf(residualId);
  const over = residualId === undefined || residualId === x ? undefined : builder.placeOver(out, residualId);
  const y = over ?? builder.place(out);
  const convolution: Convolution = {
    ...image,
    ...window,
    kernel: [kernelHeight, kernelWidth],
    groups: grouping.groups,
    inVectors: grouping.inVectors,
    outVectors: grouping.outVectors,
    narrowChannels,
    residual: own === undefined ? 'none' : over === undefined ? 'own buffer' : 'in place',
    activation: activation as Activation,
  };
  const filter = {
    shape: filterShape,
    bias,
    groups,
    get data() {
      return isTransposed ? transposed(data!, outChannels) : data!;
    },
  };
  dispatchConvolution(builder, choose(convolution, isGiven), {
    label: node.label ?? node.op,
    convolution,
    x: xSlot,
    y,
    ...(convolution.residual === 'own buffer' && { residual: own! }),
    ...(isGiven && { filter: builder.slotOf(filterId) }),
    pack: () => packFilter(filter, grouping, narrowChannels || grouping.inVectors * 4),
  });
  return true;
}

/** Whether a filter that each run brings lies as shaders read it: no bias, one group, channels in whole vectors. */
function takesGiven(builder: PlanBuilder, node: GraphNode, { isTransposed, groups, inChannels }: Shapes): boolean {
  const isNarrow = builder.isNarrow(node.inputs[0]!);
  return !node.attributes['hasBias'] && !isTransposed && groups === 1 && (isNarrow || inChannels % 4 === 0);
}

/** `[rows, columns]` to `[columns, rows]`. */
function transposed(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / rows;
  const result = new Float32Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  }
  return result;
}
