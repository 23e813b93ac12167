import { type Activation, activated } from './convolution.ts';
import { buffers, flatMain, flatWorkgroups, type Shader } from './shader.ts';

/** How the second operand meets the first: element by element, or one row for several. */
export interface Operand {
  /** Rows of the first that share a row of this one. */
  readonly rowsPerRow: number;
  /** Whether it has one value a row, for all channels. */
  readonly isScalar: boolean;
}

export interface Elementwise {
  readonly rows: number;
  readonly channels: number;
  /** A WGSL expression of `a`, and of `b` where there is an operand. */
  readonly expression: string;
  readonly operand?: Operand;
}

/** One vector of channels a thread; what pads the channels stays zero. */
export function elementwise({ rows, channels, expression, operand }: Elementwise): Shader {
  const vectors = Math.ceil(channels / 4);
  const count = rows * vectors;
  const rest = channels % 4;
  const mask = [0, 1, 2, 3].map((lane) => String(lane < rest)).join(', ');
  const kept =
    rest === 0 ? 'value' : `select(value, select(vec4f(), value, vec4(${mask})), channel == ${vectors - 1}u)`;
  const row = operand && `item / ${vectors}u / ${operand.rowsPerRow}u`;
  const body = `${flatMain(count)}
  let channel = item % ${vectors}u;
  let a = x_unpack(x[item]);
  ${operand ? `let b = ${operand.isScalar ? `operand_unpack(operand[${row}]).xxxx` : `operand_unpack(operand[${row} * ${vectors}u + channel])`};` : ''}
  let value = ${expression};
  y[item] = y_pack(${kept});
}`;
  const names = ['x', ...(operand ? ['operand'] : []), 'y'];
  return { buffers: buffers(names, 'y'), body, workgroups: flatWorkgroups(count) };
}

export interface ScaleOffset {
  readonly rows: number;
  readonly channels: number;
  readonly activation: Activation;
}

/** `x · scale + offset` by channel; the weights are the scale, then the offset, each of whole vectors, padded with zeros. */
export function scaleOffset({ rows, channels, activation }: ScaleOffset): Shader {
  const vectors = Math.ceil(channels / 4);
  const value = `x_unpack(x[item]) * weights_unpack(weights[item % ${vectors}u]) + weights_unpack(weights[${vectors}u + item % ${vectors}u])`;
  const body = `${flatMain(rows * vectors)}
  y[item] = y_pack(${activated(activation, value)});
}`;
  return { buffers: buffers(['x', 'weights', 'y'], 'y'), body, workgroups: flatWorkgroups(rows * vectors) };
}

/** Softmax over the channels, a row a thread. */
export function softmax({ rows, channels }: { rows: number; channels: number }): Shader {
  const vectors = Math.ceil(channels / 4);
  const body = `${flatMain(rows)}
  let begin = item * ${vectors * 4}u;
  var largest = x_number(begin);
  for (var c = 1u; c < ${channels}u; c++) { largest = max(largest, x_number(begin + c)); }
  var sum = 0.0;
  for (var c = 0u; c < ${channels}u; c++) { sum += exp(x_number(begin + c) - largest); }
  for (var v = 0u; v < ${vectors}u; v++) {
    var value = vec4f();
    for (var lane = 0u; lane < 4u; lane++) {
      let c = v * 4u + lane;
      value[lane] = select(0.0, exp(x_number(begin + c) - largest) / sum, c < ${channels}u);
    }
    y[begin / 4u + v] = y_pack(value);
  }
}`;
  return { buffers: buffers(['x', 'y'], 'y', ['x']), body, workgroups: flatWorkgroups(rows) };
}

export function unaryExpression(op: string): string | undefined {
  return UNARY[op];
}

export function binaryExpression(op: string): string | undefined {
  return BINARY[op];
}

const UNARY: Readonly<Record<string, string>> = {
  Abs: 'abs(a)',
  Exp: 'exp(a)',
  Log: 'log(a)',
  Neg: '-a',
  Relu: 'max(a, vec4f())',
  Relu6: 'clamp(a, vec4f(), vec4f(6))',
  Rsqrt: 'inverseSqrt(a)',
  Sigmoid: '1 / (1 + exp(-a))',
  Sqrt: 'sqrt(a)',
  Square: 'a * a',
  Tanh: 'tanh(a)',
  ZerosLike: 'vec4f()',
};

const BINARY: Readonly<Record<string, string>> = {
  Add: 'a + b',
  Maximum: 'max(a, b)',
  Minimum: 'min(a, b)',
  Multiply: 'a * b',
  RealDiv: 'a / b',
  Sub: 'a - b',
};
