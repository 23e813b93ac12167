import type { NodeWriter } from './node-writer.ts';
import { type Operation, type OperationTable, same } from './operation.ts';
import { activate } from './windows.ts';

const logical =
  (op: string): Operation =>
  (w) =>
    w.op(op, w.inputs);

export const elementwiseOperations: OperationTable = {
  Abs: same('Abs'),
  Ceil: same('Ceil'),
  Cos: same('Cos'),
  Elu: same('Elu'),
  Erf: same('Erf'),
  Exp: same('Exp'),
  Expm1: same('Expm1'),
  Floor: same('Floor'),
  Identity: same('Identity'),
  IsFinite: same('IsFinite'),
  IsInf: same('IsInf'),
  IsNan: same('IsNan'),
  Log: same('Log'),
  Log1p: same('Log1p'),
  LogicalNot: logical('LogicalNot'),
  Neg: same('Neg'),
  OnesLike: same('OnesLike'),
  Reciprocal: same('Reciprocal'),
  Relu: same('Relu'),
  Relu6: same('Relu6'),
  Round: same('Round'),
  Rsqrt: same('Rsqrt'),
  Selu: same('Selu'),
  Sigmoid: same('Sigmoid'),
  Sign: same('Sign'),
  Sin: same('Sin'),
  Softplus: same('Softplus'),
  Sqrt: same('Sqrt'),
  Square: same('Square'),
  Tan: same('Tan'),
  Tanh: same('Tanh'),
  ZerosLike: same('ZerosLike'),

  LeakyRelu: (w) => w.op('LeakyRelu', w.inputs, { T: w.type(w.inputValues[0]!), alpha: { float: number(w, 'alpha') } }),
  Cast: (w) => w.op('Cast', w.inputs, { SrcT: w.type(w.inputValues[0]!), DstT: w.type(w.outputs[0]!) }),
  ClipByValue: (w) => {
    const { dtype } = w.outputs[0]!;
    const bounds = [w.scalar(number(w, 'clipValueMin'), dtype), w.scalar(number(w, 'clipValueMax'), dtype)];
    return w.op('ClipByValue', [...w.inputs, ...bounds], { T: w.type({ dtype }) });
  },
  Step: writeStep,
  Prelu: (w) => {
    const T = w.type(w.outputs[0]!);
    const [x, alpha] = w.inputs as [string, string];
    const isPositive = w.op('Greater', [x, w.scalar(0, 'float32')], { T });
    return w.op('SelectV2', [isPositive, x, w.op('Mul', [alpha, x], { T })], { T });
  },

  Add: same('AddV2'),
  AddN: (w) => w.op('AddN', w.inputs, { N: { int: w.inputs.length }, T: w.type(w.outputs[0]!) }),
  EluGrad: same('EluGrad'),
  FloorDiv: same('FloorDiv'),
  Maximum: same('Maximum'),
  Minimum: same('Minimum'),
  Mod: same('FloorMod'),
  Multiply: same('Mul'),
  Pow: same('Pow'),
  RealDiv: same('RealDiv'),
  SquaredDifference: same('SquaredDifference'),
  Sub: same('Sub'),

  Equal: same('Equal'),
  Greater: same('Greater'),
  GreaterEqual: same('GreaterEqual'),
  Less: same('Less'),
  LessEqual: same('LessEqual'),
  LogicalAnd: logical('LogicalAnd'),
  LogicalOr: logical('LogicalOr'),
  NotEqual: same('NotEqual'),

  Select: (w) => w.op('SelectV2', w.inputs, { T: w.type(w.outputs[0]!) }),
  FusedBatchNorm: (w) => {
    const { hasOffset, hasScale } = w.attributes;
    const channels = w.inputValues[1]!.shape;
    const filled = (value: number) => w.constant(channels, new Float32Array(channels[0]!).fill(value), 'float32');
    const x = w.input(0);
    const [mean, variance] = [w.input(1, 'float32'), w.input(2, 'float32')];
    const offset = hasOffset ? w.input(3, 'float32') : filled(0);
    const scale = hasScale ? w.input(hasOffset ? 4 : 3, 'float32') : filled(1);
    return w.op('FusedBatchNormV3', [x, scale, offset, mean, variance], {
      T: w.type(w.outputs[0]!),
      U: { type: 'float32' },
      epsilon: { float: number(w, 'varianceEpsilon') },
      is_training: false,
      data_format: 'NHWC',
    });
  },
  ScaleOffset: (w) => {
    const T = w.type(w.outputs[0]!);
    const [x, scale, offset] = w.inputs as [string, string, string];
    const y = w.op('AddV2', [w.op('Mul', [x, scale], { T }), offset], { T });
    return activate(w, y, w.attributes['activation'] as string);
  },
};

/** 1 where x is positive, `alpha` elsewhere, NaN where it is NaN. */
function writeStep(w: NodeWriter): string {
  const T = w.type(w.outputs[0]!);
  const [x] = w.inputs as [string];
  const isPositive = w.op('Greater', [x, w.scalar(0, 'float32')], { T });
  const step = w.op('SelectV2', [isPositive, w.scalar(1, 'float32'), w.scalar(number(w, 'alpha'), 'float32')], { T });
  return w.op('SelectV2', [w.op('IsNan', [x], { T }), x, step], { T });
}

function number(w: NodeWriter, attribute: string): number {
  return w.attributes[attribute] as number;
}
