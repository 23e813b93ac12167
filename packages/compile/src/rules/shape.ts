import { slice_util, util } from '@tensorflow/tfjs-core';
import type { GraphDtype } from '../graph.ts';
import { axesOf, axisOf, insertAxis, removeAxis, withAxis } from './axes.ts';
import { type KernelRule, only, type RuleTable } from './kernel-rule.ts';

const resize: KernelRule = {
  inputs: ['images'],
  infer: (inputs, { alignCorners, halfPixelCenters, size }) => {
    const x = only(inputs);
    const [height, width] = size as [number, number];
    return {
      outputs: [{ shape: [x.shape[0]!, height, width, x.shape[3]!], dtype: 'float32' }],
      attributes: {
        size: [height, width],
        alignCorners: Boolean(alignCorners),
        halfPixelCenters: Boolean(halfPixelCenters),
      },
    };
  },
};

/** Operations that move, cut, repeat or make elements. */
export const shapeRules: RuleTable = {
  Reshape: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const shape = util.inferFromImplicitShape(attributes['shape'] as number[], util.sizeFromShape([...x.shape]));
      return { outputs: [{ shape, dtype: x.dtype }], attributes: { shape } };
    },
  },
  ExpandDims: {
    inputs: ['input'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const rank = x.shape.length + 1;
      const dim = axisOf(attributes['dim'], rank);
      return { outputs: [{ shape: insertAxis(x.shape, dim, 1), dtype: x.dtype }], attributes: { dim } };
    },
  },
  Transpose: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const perm = attributes['perm'] as number[];
      return { outputs: [{ shape: perm.map((axis) => x.shape[axis]!), dtype: x.dtype }], attributes: { perm } };
    },
  },
  Reverse: {
    inputs: ['x'],
    infer: (inputs, { dims }) => ({
      outputs: [only(inputs)],
      attributes: { dims: axesOf(dims, only(inputs).shape.length) },
    }),
  },
  Slice: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const [begin, size] = slice_util.parseSliceParams(
        { shape: [...x.shape], rank: x.shape.length } as never,
        attributes['begin'] as number[],
        attributes['size'] as number[],
      ) as [number[], number[]];
      return { outputs: [{ shape: size, dtype: x.dtype }], attributes: { begin, size } };
    },
  },
  StridedSlice: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const given = attributes as unknown as Record<'begin' | 'end' | 'strides', number[]> &
        Record<'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask', number>;
      const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = given;
      const { finalShape } = slice_util.sliceInfo(
        [...x.shape],
        begin,
        end,
        strides,
        beginMask,
        endMask,
        ellipsisMask,
        newAxisMask,
        shrinkAxisMask,
      );
      return { outputs: [{ shape: finalShape, dtype: x.dtype }], attributes: { ...given } };
    },
  },
  PadV2: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const paddings = attributes['paddings'] as [number, number][];
      return {
        outputs: [
          { shape: x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]), dtype: x.dtype },
        ],
        attributes: { paddings, constantValue: (attributes['constantValue'] ?? 0) as number },
      };
    },
  },
  MirrorPad: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const paddings = attributes['paddings'] as [number, number][];
      return {
        outputs: [
          { shape: x.shape.map((size, axis) => size + paddings[axis]![0] + paddings[axis]![1]), dtype: x.dtype },
        ],
        attributes: { paddings, mode: attributes['mode'] as string },
      };
    },
  },
  Concat: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const axis = axisOf(attributes['axis'], x.shape.length);
      const size = inputs.reduce((sum, input) => sum + input.shape[axis]!, 0);
      return { outputs: [{ shape: withAxis(x.shape, axis, size), dtype: x.dtype }], attributes: { axis } };
    },
  },
  SplitV: {
    inputs: ['x'],
    returnsList: true,
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const axis = axisOf(attributes['axis'], x.shape.length);
      const given = attributes['numOrSizeSplits'] as number | number[];
      const known = Array.isArray(given) ? given.filter((size) => size >= 0).reduce((sum, size) => sum + size, 0) : 0;
      const sizes = Array.isArray(given)
        ? given.map((size) => (size < 0 ? x.shape[axis]! - known : size))
        : new Array<number>(given).fill(x.shape[axis]! / given);
      return {
        outputs: sizes.map((size) => ({ shape: withAxis(x.shape, axis, size), dtype: x.dtype })),
        attributes: { numOrSizeSplits: sizes, axis },
      };
    },
  },
  Pack: {
    inputs: 'list',
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const axis = axisOf(attributes['axis'], x.shape.length + 1);
      return { outputs: [{ shape: insertAxis(x.shape, axis, inputs.length), dtype: x.dtype }], attributes: { axis } };
    },
  },
  Unpack: {
    inputs: ['value'],
    returnsList: true,
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const axis = axisOf(attributes['axis'], x.shape.length);
      const part = { shape: removeAxis(x.shape, axis), dtype: x.dtype };
      return { outputs: new Array(x.shape[axis]!).fill(part), attributes: { axis } };
    },
  },
  Tile: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const reps = attributes['reps'] as number[];
      return {
        outputs: [{ shape: x.shape.map((size, axis) => size * reps[axis]!), dtype: x.dtype }],
        attributes: { reps },
      };
    },
  },
  GatherV2: {
    inputs: ['x', 'indices'],
    infer: ([x, indices], attributes) => {
      const axis = axisOf(attributes['axis'], x!.shape.length);
      const batchDims = (attributes['batchDims'] ?? 0) as number;
      const shape = [...x!.shape.slice(0, axis), ...indices!.shape.slice(batchDims), ...x!.shape.slice(axis + 1)];
      return { outputs: [{ shape, dtype: x!.dtype }], attributes: { axis, batchDims } };
    },
  },
  OneHot: {
    inputs: ['indices'],
    infer: (inputs, attributes) => {
      const { depth, onValue, offValue, dtype } = attributes as {
        depth: number;
        onValue: number;
        offValue: number;
        dtype: GraphDtype;
      };
      return {
        outputs: [{ shape: [...only(inputs).shape, depth], dtype: dtype ?? 'int32' }],
        attributes: { depth, onValue, offValue, dtype: dtype ?? 'int32' },
      };
    },
  },
  Fill: {
    inputs: [],
    infer: (_inputs, attributes) => {
      const { shape, value, dtype } = attributes as { shape: number[]; value: number; dtype: GraphDtype };
      return {
        outputs: [{ shape, dtype: dtype ?? 'float32' }],
        attributes: { shape, value, dtype: dtype ?? 'float32' },
      };
    },
  },
  BatchToSpaceND: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const blockShape = attributes['blockShape'] as number[];
      const crops = attributes['crops'] as [number, number][];
      const volume = blockShape.reduce((product, size) => product * size, 1);
      const shape = x.shape.map((size, axis) => {
        if (axis === 0) return size / volume;
        const block = blockShape[axis - 1];
        return block === undefined ? size : size * block - crops[axis - 1]![0] - crops[axis - 1]![1];
      });
      return { outputs: [{ shape, dtype: x.dtype }], attributes: { blockShape, crops } };
    },
  },
  SpaceToBatchND: {
    inputs: ['x'],
    infer: (inputs, attributes) => {
      const x = only(inputs);
      const blockShape = attributes['blockShape'] as number[];
      const paddings = attributes['paddings'] as [number, number][];
      const volume = blockShape.reduce((product, size) => product * size, 1);
      const shape = x.shape.map((size, axis) => {
        if (axis === 0) return size * volume;
        const block = blockShape[axis - 1];
        return block === undefined ? size : (size + paddings[axis - 1]![0] + paddings[axis - 1]![1]) / block;
      });
      return { outputs: [{ shape, dtype: x.dtype }], attributes: { blockShape, paddings } };
    },
  },
  ResizeBilinear: resize,
  ResizeNearestNeighbor: resize,
};
