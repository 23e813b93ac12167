import { buffers, flatMain, flatWorkgroups, repeat, type Shader } from './shader.ts';

export interface Shift {
  readonly shape: readonly number[];
  readonly outShape: readonly number[];
  /** Where the input's first element lies in the output, by axis; negative to leave elements out. */
  readonly offsets: readonly number[];
  /** What is where the input is not: a number, or the input's rows and columns, turned back at its ends. */
  readonly fill: number | 'reflect' | 'symmetric';
}

/** Padding and slicing: an output that shows the input from another place; a vector of channels a thread. */
export function shift({ shape, outShape, offsets, fill }: Shift): Shader {
  const rank = shape.length;
  const vectors = Math.ceil(outShape.at(-1)! / 4);
  const count = vectors * outShape.slice(0, -1).reduce((product, size) => product * size, 1);
  const pitch = Math.ceil(shape.at(-1)! / 4) * 4;
  const coordinates = repeat(rank - 1, (axis) => {
    const inner = outShape.slice(axis + 1, -1).reduce((product, size) => product * size, 1);
    const own = `i32(item / ${vectors * inner}u % ${outShape[axis]}u) - ${offsets[axis]}`;
    return `let i${axis} = ${typeof fill === 'number' ? own : turnedBack(own, shape[axis]!, fill)};`;
  });
  const inside = repeat(rank - 1, (axis) => `(u32(i${axis}) < ${shape[axis]}u) & `, '');
  const row = Array.from({ length: rank - 1 }, (_, axis) => axis).reduce(
    (sum, axis) => `(${sum} * ${shape[axis]} + i${axis})`,
    '0',
  );
  const outside = floatLiteral(typeof fill === 'number' ? fill : 0);
  const body = `${flatMain(count)}
  ${coordinates}
  let row = ${row} * ${pitch};
  var value = vec4f();
  for (var lane = 0; lane < 4; lane++) {
    let out = i32(item % ${vectors}u) * 4 + lane;
    let channel = out - ${offsets[rank - 1]};
    let isInside = ${inside}(u32(channel) < ${shape[rank - 1]}u);
    let read = select(f32(${outside}), x_number(u32(select(0, row + channel, isInside))), isInside);
    value[lane] = select(0.0, read, out < ${outShape[rank - 1]});
  }
  y[item] = y_pack(value);
}`;
  return { buffers: buffers(['x', 'y'], 'y', ['x']), body, workgroups: flatWorkgroups(count) };
}

export interface JoinedChannels {
  readonly rows: number;
  readonly channels: number;
  readonly outChannels: number;
  /** Where the input's first channel lies in the output. */
  readonly first: number;
}

/** One input's channels to their place among others', a vector a thread: what an input before has of it stays. */
export function joinChannels({ rows, channels, outChannels, first }: JoinedChannels): Shader {
  const [pitch, outPitch] = [channels, outChannels].map((size) => Math.ceil(size / 4) * 4);
  const begin = Math.floor(first / 4);
  const width = Math.ceil((first + channels) / 4) - begin;
  const body = `${flatMain(rows * width)}
  let vector = ${begin}u + item % ${width}u;
  let row = item / ${width}u;
  let at = row * ${outPitch! / 4}u + vector;
  var value = y_unpack(y[at]);
  for (var lane = 0; lane < 4; lane++) {
    let channel = i32(vector) * 4 + lane - ${first};
    let read = select(0.0, x_number(row * ${pitch}u + u32(clamp(channel, 0, ${channels - 1}))), channel < ${channels});
    value[lane] = select(read, value[lane], channel < 0);
  }
  y[at] = y_pack(value);
}`;
  return { buffers: buffers(['x', 'y'], 'y', ['x']), body, workgroups: flatWorkgroups(rows * width) };
}

/** The same elements in rows of another length. */
export function reflow({
  count,
  channels,
  outChannels,
}: {
  count: number;
  channels: number;
  outChannels: number;
}): Shader {
  const [pitch, outPitch] = [channels, outChannels].map((size) => Math.ceil(size / 4) * 4);
  const outCount = ((count / outChannels) * outPitch!) / 4;
  const body = `${flatMain(outCount)}
  var value = vec4f();
  for (var lane = 0u; lane < 4u; lane++) {
    let channel = item % ${outPitch! / 4}u * 4u + lane;
    let index = item / ${outPitch! / 4}u * ${outChannels}u + channel;
    let isReal = channel < ${outChannels}u;
    let read = x_number(select(0u, index / ${channels}u * ${pitch}u + index % ${channels}u, isReal));
    value[lane] = select(0.0, read, isReal);
  }
  y[item] = y_pack(value);
}`;
  return { buffers: buffers(['x', 'y'], 'y', ['x']), body, workgroups: flatWorkgroups(outCount) };
}

/** An index that goes back where it leaves `0 … size - 1`: `reflect` does not read the outermost twice. */
function turnedBack(index: string, size: number, mode: 'reflect' | 'symmetric'): string {
  const skipped = mode === 'reflect' ? 1 : 0;
  const low = `select(${index}, ${skipped - 1} - (${index}), ${index} < 0)`;
  return `select(${low}, ${2 * size - 1 - skipped} - (${index}), ${index} >= ${size})`;
}

/** The largest number of the result stands for infinity, which WGSL has no literal for. */
function floatLiteral(value: number): string {
  if (Number.isFinite(value)) return `clamp(${value}, -y_largest, y_largest)`;
  return value < 0 ? '-y_largest' : 'y_largest';
}
