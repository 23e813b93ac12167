import { add, backend_util, mul, type Tensor } from '@tensorflow/tfjs-core';
import type { GraphDtype, GraphNode, Value } from '../graph.ts';
import { activate, type FusedActivation } from './fused-activation.ts';
import { type Inferred, type KernelRule, only, type RuleTable, type TfjsAttributes } from './kernel-rule.ts';

const unary: KernelRule = { inputs: ['x'], infer: (inputs) => ({ outputs: [only(inputs)] }) };

const unaryWithAlpha: KernelRule = {
  inputs: ['x'],
  infer: (inputs, { alpha }) => ({ outputs: [only(inputs)], attributes: { alpha: alpha as number } }),
};

const test: KernelRule = { inputs: ['x'], infer: (inputs) => ({ outputs: [{ ...only(inputs), dtype: 'bool' }] }) };

const binary: KernelRule = { inputs: ['a', 'b'], infer: (inputs) => broadcast(inputs, inputs[0]!.dtype) };

const comparison: KernelRule = { inputs: ['a', 'b'], infer: (inputs) => broadcast(inputs, 'bool') };

function broadcast(inputs: readonly Value[], dtype: GraphDtype): Inferred {
  const shape = inputs
    .map((input) => [...input.shape])
    .reduce((a, b) => backend_util.assertAndGetBroadcastShape(a, b), [] as number[]);
  return { outputs: [{ shape, dtype }] };
}

/** Operations that work on each element by itself. */
export const elementwiseRules: RuleTable = {
  Abs: unary,
  Ceil: unary,
  Cos: unary,
  Elu: unary,
  Erf: unary,
  Exp: unary,
  Expm1: unary,
  Floor: unary,
  Identity: unary,
  Log: unary,
  Log1p: unary,
  Neg: unary,
  OnesLike: unary,
  Reciprocal: unary,
  Relu: unary,
  Relu6: unary,
  Round: unary,
  Rsqrt: unary,
  Selu: unary,
  Sigmoid: unary,
  Sign: unary,
  Sin: unary,
  Softplus: unary,
  Sqrt: unary,
  Square: unary,
  Tan: unary,
  Tanh: unary,
  ZerosLike: unary,

  LeakyRelu: unaryWithAlpha,
  Step: unaryWithAlpha,
  Cast: {
    inputs: ['x'],
    infer: (inputs, { dtype }) => ({
      outputs: [{ ...only(inputs), dtype: dtype as GraphDtype }],
      attributes: { dtype: dtype as GraphDtype },
    }),
  },
  ClipByValue: {
    inputs: ['x'],
    infer: (inputs, { clipValueMin, clipValueMax }: TfjsAttributes) => ({
      outputs: [only(inputs)],
      attributes: { clipValueMin: clipValueMin as number, clipValueMax: clipValueMax as number },
    }),
  },

  IsFinite: test,
  IsInf: test,
  IsNan: test,
  LogicalNot: test,

  Add: binary,
  FloorDiv: binary,
  Maximum: binary,
  Minimum: binary,
  Mod: binary,
  Multiply: binary,
  Pow: binary,
  RealDiv: binary,
  SquaredDifference: binary,
  Sub: binary,
  Prelu: { inputs: ['x', 'alpha'], infer: (inputs) => broadcast(inputs, 'float32') },
  EluGrad: { inputs: ['dy', 'y'], infer: (inputs) => ({ outputs: [only(inputs)] }) },

  Equal: comparison,
  Greater: comparison,
  GreaterEqual: comparison,
  Less: comparison,
  LessEqual: comparison,
  LogicalAnd: comparison,
  LogicalOr: comparison,
  NotEqual: comparison,

  AddN: { inputs: 'list', infer: (inputs) => ({ outputs: [only(inputs)] }) },
  Select: {
    inputs: ['condition', 't', 'e'],
    infer: (inputs) => ({ outputs: [{ shape: inputs[1]!.shape, dtype: inputs[1]!.dtype }] }),
  },
  FusedBatchNorm: {
    inputs: ['x', 'mean', 'variance', 'offset', 'scale'],
    optional: { offset: 'hasOffset', scale: 'hasScale' },
    infer: (inputs, { varianceEpsilon, hasOffset, hasScale }) => ({
      outputs: [only(inputs)],
      attributes: {
        varianceEpsilon: varianceEpsilon as number,
        hasOffset: hasOffset as boolean,
        hasScale: hasScale as boolean,
      },
    }),
    tfjsAttributes: ({ attributes }) => ({ varianceEpsilon: attributes['varianceEpsilon'] as number }),
  },
  // What `spellOutBatchNorm` makes; tfjs has no such kernel.
  ScaleOffset: {
    inputs: ['x', 'scale', 'offset'],
    infer: (inputs) => ({ outputs: [only(inputs)], attributes: { activation: 'linear' } }),
    run: runScaleOffset,
  },
};

function runScaleOffset({ attributes }: GraphNode, [x, scale, offset]: readonly Tensor[]): Tensor[] {
  return [activate(add(mul(x!, scale!), offset!), attributes['activation'] as FusedActivation)];
}
