import type { Graph, GraphNode, ValueId } from '../../graph.ts';
import type { FloatType } from './tensor-table.ts';

/** Convolutions, with the position of the filter among their inputs. */
const FILTERS: Readonly<Record<string, number>> = {
  Conv2D: 1,
  FusedConv2D: 1,
  DepthwiseConv2dNative: 1,
  Conv2DBackpropInput: 1,
};

const FILTER_GRADIENT = 'Conv2DBackpropFilter';

/** Sums of many numbers lose too much in bfloat16. */
const REDUCTIONS: readonly string[] = ['Sum', 'Mean', 'Prod', 'Cumsum'];

/**
 * The type that each node computes its float32 values in: `pictureType` for what makes pictures (values of rank 4) and
 * for the gradients of filters, float32 for reductions and for what happens to filters themselves, which have rank 4
 * too: in a training step their decay, momentum, averages and update.
 */
export function floatTypes(graph: Graph, pictureType: FloatType): (node: GraphNode) => FloatType {
  if (pictureType === 'float32') return () => 'float32';
  const filters = filterValues(graph);
  return ({ op, outputs: [first] }) => {
    if (op === FILTER_GRADIENT) return pictureType;
    const isPicture = graph.values[first!]!.shape.length === 4 && !filters.has(first!) && !REDUCTIONS.includes(op);
    return isPicture ? pictureType : 'float32';
  };
}

/** What convolutions take as filters, their gradients, and what is computed from or into them. */
function filterValues(graph: Graph): ReadonlySet<ValueId> {
  const found = new Set<ValueId>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const position = FILTERS[op];
    if (position !== undefined) found.add(inputs[position]!);
    if (op === FILTER_GRADIENT) found.add(outputs[0]!);
  }
  const others = graph.nodes.filter(({ op }) => FILTERS[op] === undefined && op !== FILTER_GRADIENT);
  const related = others.map(({ inputs, outputs }) =>
    [...inputs, ...outputs].filter((id) => graph.values[id]!.shape.length === 4 && !graph.constants.has(id)),
  );
  let size: number;
  do {
    size = found.size;
    for (const ids of related) if (ids.some((id) => found.has(id))) for (const id of ids) found.add(id);
  } while (found.size > size);
  return found;
}
