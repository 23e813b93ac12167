import type { GraphDtype } from '../graph.ts';
import { axesOf, axisOf } from './axes.ts';
import { type KernelRule, only, type RuleTable } from './kernel-rule.ts';

const reduction: KernelRule = {
  inputs: ['x'],
  infer: (inputs, { axis, reductionIndices, keepDims }) => reduce(inputs[0]!, axis ?? reductionIndices, keepDims),
};

const allOrAny: KernelRule = {
  inputs: ['x'],
  infer: (inputs, { axis, keepDims }) => reduce(inputs[0]!, axis, keepDims, 'bool'),
};

const argument: KernelRule = {
  inputs: ['x'],
  infer: (inputs, { axis }) => {
    const { outputs, attributes } = reduce(inputs[0]!, axis, false, 'int32');
    return { outputs, attributes: { axis: attributes.axis[0] ?? 0 } };
  },
};

function reduce(
  x: { shape: readonly number[]; dtype: GraphDtype },
  axis: unknown,
  keepDims: unknown,
  dtype: GraphDtype = x.dtype,
): { outputs: { shape: number[]; dtype: GraphDtype }[]; attributes: { axis: number[]; keepDims: boolean } } {
  const axes = axesOf(axis, x.shape.length);
  const shape = keepDims
    ? x.shape.map((size, index) => (axes.includes(index) ? 1 : size))
    : x.shape.filter((_, index) => !axes.includes(index));
  return { outputs: [{ shape, dtype }], attributes: { axis: axes, keepDims: Boolean(keepDims) } };
}

/** Operations that take axes away, or normalise along one. */
export const reductionRules: RuleTable = {
  All: allOrAny,
  Any: allOrAny,
  ArgMax: argument,
  ArgMin: argument,
  Max: {
    ...reduction,
    tfjsAttributes: ({ attributes }) => ({
      reductionIndices: attributes['axis'] as number[],
      keepDims: attributes['keepDims'] as boolean,
    }),
  },
  Mean: { inputs: ['x'], infer: (inputs, { axis, keepDims }) => reduce(inputs[0]!, axis, keepDims, 'float32') },
  Min: reduction,
  Prod: reduction,
  Sum: reduction,
  Cumsum: {
    inputs: ['x'],
    infer: (inputs, { axis, exclusive, reverse }) => ({
      outputs: [only(inputs)],
      attributes: { axis: axis as number, exclusive: Boolean(exclusive), reverse: Boolean(reverse) },
    }),
  },
  Softmax: {
    inputs: ['logits'],
    infer: (inputs, { dim }) => ({
      outputs: [{ ...only(inputs), dtype: 'float32' }],
      attributes: { dim: axisOf(dim, only(inputs).shape.length) },
    }),
  },
  LogSoftmax: {
    inputs: ['logits'],
    infer: (inputs, { axis }) => ({
      outputs: [{ ...only(inputs), dtype: 'float32' }],
      attributes: { axis: axisOf(axis, only(inputs).shape.length) },
    }),
  },
  TopK: {
    inputs: ['x'],
    returnsList: true,
    infer: (inputs, { k, sorted }) => {
      const x = only(inputs);
      const shape = [...x.shape.slice(0, -1), k as number];
      return {
        outputs: [
          { shape, dtype: x.dtype },
          { shape, dtype: 'int32' },
        ],
        attributes: { k: k as number, sorted: Boolean(sorted) },
      };
    },
  },
};
