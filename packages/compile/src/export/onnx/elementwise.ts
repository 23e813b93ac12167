import type { OnnxAttribute } from './model-writer.ts';
import type { OnnxNodeWriter } from './node-writer.ts';
import type { OnnxOperation, OnnxOperationTable } from './operation.ts';
import { DATA_TYPE, type DataType } from './proto-fields.ts';

/** Operations that work on each element by itself, in whichever layout their pictures are. */
export const elementwiseOperations: OnnxOperationTable = {
  Abs: same('Abs'),
  Ceil: same('Ceil'),
  Cos: same('Cos'),
  Elu: same('Elu'),
  Erf: same('Erf'),
  Exp: same('Exp'),
  Floor: same('Floor'),
  Identity: same('Identity'),
  Log: same('Log'),
  LogicalNot: same('Not'),
  Neg: same('Neg'),
  Reciprocal: same('Reciprocal'),
  Relu: same('Relu'),
  Round: same('Round'),
  Selu: same('Selu'),
  Sigmoid: same('Sigmoid'),
  Sign: same('Sign'),
  Sin: same('Sin'),
  Softplus: same('Softplus'),
  Sqrt: same('Sqrt'),
  Tan: same('Tan'),
  Tanh: same('Tanh'),

  Add: same('Add'),
  AddN: same('Sum'),
  Equal: same('Equal'),
  Greater: same('Greater'),
  GreaterEqual: same('GreaterOrEqual'),
  Less: same('Less'),
  LessEqual: same('LessOrEqual'),
  LogicalAnd: same('And'),
  LogicalOr: same('Or'),
  Maximum: same('Max'),
  Minimum: same('Min'),
  Multiply: same('Mul'),
  Pow: same('Pow'),
  Prelu: same('PRelu'),
  RealDiv: same('Div'),
  Select: same('Where'),
  Sub: same('Sub'),

  Cast: (w) => write(w, (inputs) => w.op('Cast', inputs, { to: DATA_TYPE[w.attributes['dtype'] as DataType] })),
  ClipByValue: (w) => {
    const { clipValueMin, clipValueMax } = w.attributes as { clipValueMin: number; clipValueMax: number };
    write(w, ([x]) => w.op('Clip', [x!, w.scalar(clipValueMin), w.scalar(clipValueMax)]));
  },
  LeakyRelu: (w) =>
    write(w, (inputs) => w.op('LeakyRelu', inputs, { alpha: { float: w.attributes['alpha'] as number } })),
  NotEqual: (w) => write(w, (inputs) => w.op('Not', [w.op('Equal', inputs)])),
  Relu6: (w) => write(w, ([x]) => w.op('Clip', [x!, w.scalar(0), w.scalar(6)])),
  Rsqrt: (w) => write(w, (inputs) => w.op('Reciprocal', [w.op('Sqrt', inputs)])),
  Square: (w) => write(w, ([x]) => w.op('Mul', [x!, x!])),
  SquaredDifference: (w) =>
    write(w, (inputs) => {
      const difference = w.op('Sub', inputs);
      return w.op('Mul', [difference, difference]);
    }),
};

function same(op: string, attributes: Readonly<Record<string, OnnxAttribute>> = {}): OnnxOperation {
  return (w) => write(w, (inputs) => w.op(op, inputs, attributes));
}

function write(w: OnnxNodeWriter, compute: (inputs: string[]) => string): void {
  const layout = w.prefersImage() ? 'image' : 'plain';
  const inputs = w.inputValues.map((_, index) =>
    layout === 'image' ? w.imageOperand(index) : w.input(index, 'plain'),
  );
  w.output(compute(inputs), layout);
}
