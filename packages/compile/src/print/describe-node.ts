import type { Graph, GraphNode, ValueId } from '../graph.ts';

type Pair = readonly [number, number];

/** A node in a few words: `FusedConv2D 3×3 / 2, pad 1, + bias + residual, relu`. */
export function describeNode(graph: Graph, { op, inputs, attributes }: GraphNode): string {
  const { strides, pad, dilations, groups, filterSize, hasBias, hasResidual, activation } = attributes;
  const window = (filterSize ?? (/Conv/.test(op) ? graph.values[inputs[1]!]!.shape.slice(0, 2) : undefined)) as
    | Pair
    | undefined;
  if (window === undefined || strides === undefined) return [op, ...plain(op, attributes)].join(' ');
  const fused = [hasBias ? '+ bias' : '', hasResidual ? '+ residual' : ''].filter(Boolean).join(' ');
  const details = [
    `${op} ${window.join('×')}${every(strides as Pair, 1) ? '' : ` / ${both(strides as Pair)}`}`,
    padding(pad as unknown as readonly [Pair, Pair]),
    dilations === undefined || every(dilations as Pair, 1) ? '' : `dilation ${both(dilations as Pair)}`,
    groups === undefined || groups === 1 ? '' : `${groups} groups`,
    fused,
    activation === undefined || activation === 'linear' ? '' : String(activation),
  ];
  return details.filter(Boolean).join(', ');
}

/** `[1, 56, 56, 64]`, with the dtype where it is not float32. */
export function describeValue(graph: Graph, id: ValueId): string {
  const { shape, dtype } = graph.values[id]!;
  return `[${shape.join(', ')}]${dtype === 'float32' ? '' : ` ${dtype}`}`;
}

function plain(op: string, attributes: GraphNode['attributes']): string[] {
  if (op === 'Reshape' || op === 'Fill') return [];
  if (op === 'FusedMatMul' || op === 'ScaleOffset') {
    const { hasBias, activation } = attributes;
    return [hasBias ? '+ bias' : '', activation === 'linear' ? '' : String(activation)].filter(Boolean);
  }
  const shown = Object.entries(attributes).filter(([, value]) => value !== false && value !== true);
  return shown.map(([name, value]) => `${name} ${JSON.stringify(value)}`);
}

function padding([[top, bottom], [left, right]]: readonly [Pair, Pair]): string {
  if (top === 0 && bottom === 0 && left === 0 && right === 0) return '';
  const isEven = top === bottom && top === left && top === right;
  return isEven ? `pad ${top}` : `pad ${top} ${bottom} ${left} ${right}`;
}

function every([height, width]: Pair, size: number): boolean {
  return height === size && width === size;
}

function both([height, width]: Pair): string {
  return height === width ? String(height) : `${height}×${width}`;
}
