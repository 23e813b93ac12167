import { repeat } from './shader.ts';

/**
 * Where things lie in a buffer of taps, in numbers of 32 bits: a head, then `[start, count, weights…]` of each output. The head
 * has how many outputs and the numbers of each; of columns then what is left of them in the crop and the picture's place in the
 * batch, of rows the first and how many are read, what is above them in the crop, and the picture's width.
 */
export const TAPS_HEAD = 6;

const PRECISION_BITS = 22;

/** What pictures lie in: a copy of what a page draws, a video's frame as the decoder left it, or RGB bytes end to end. */
export type PictureStore = 'texture' | 'frame' | 'bytes';

const DECLARATIONS: Readonly<Record<PictureStore, string>> = {
  texture: 'var picture: texture_2d<f32>',
  frame: 'var picture: texture_external',
  bytes: 'var<storage, read> picture: array<u32>',
};

const BYTE_OF = `fn byteOf(at: u32) -> i32 { return i32((picture[at >> 2u] >> ((at & 3u) << 3u)) & 255u); }
`;

/** The pixel at `place`, 0 to 255 each. */
const PIXELS: Readonly<Record<PictureStore, string>> = {
  texture: 'vec3i(round(textureLoad(picture, place, 0).rgb * 255.0))',
  frame: 'vec3i(round(saturate(textureLoad(picture, place).rgb) * 255.0))',
  bytes: 'vec3i(byteOf(at), byteOf(at + 1u), byteOf(at + 2u))',
};

/** The horizontal pass of Pillow's resize: rows of columns, a pixel in 32 bits. */
export function resizeColumns(store: PictureStore): string {
  const isBytes = store === 'bytes';
  return `@group(0) @binding(0) ${DECLARATIONS[store]};
@group(0) @binding(1) var<storage, read> columns: array<i32>;
@group(0) @binding(2) var<storage, read> rows: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;
${isBytes ? BYTE_OF : ''}@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let width = u32(columns[0]);
  if (id.x >= width || id.y >= u32(rows[3])) { return; }
  let tap = ${TAPS_HEAD}u + id.x * u32(columns[1]);
  var sum = vec3i(${1 << (PRECISION_BITS - 1)});
  for (var k = 0; k < columns[tap + 1u]; k++) {
    let place = vec2i(columns[tap] + k, rows[2] + i32(id.y));
    ${isBytes ? 'let at = 3u * u32(place.y * rows[5] + place.x);' : ''}
    sum += ${PIXELS[store]} * columns[tap + 2u + u32(k)];
  }
  let value = vec3u(clamp(sum >> vec3u(${PRECISION_BITS}), vec3i(), vec3i(255)));
  y[id.y * width + id.x] = value.r | (value.g << 8u) | (value.b << 16u);
}`;
}

/** The vertical pass, the crop, and what each byte becomes by `levels`, `[256, 3]`, at the picture's place in the batch. */
export function resizeRows(cropPx: number, pitch: number): string {
  return `@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> columns: array<i32>;
@group(0) @binding(2) var<storage, read> rows: array<i32>;
@group(0) @binding(3) var<storage, read> levels: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= ${cropPx}u || id.y >= ${cropPx}u) { return; }
  let column = i32(id.x) - columns[2];
  let row = i32(id.y) - rows[4];
  var value = vec3u();
  if (column >= 0 && column < columns[0] && row >= 0 && row < rows[0]) {
    let tap = ${TAPS_HEAD}u + u32(row * rows[1]);
    var sum = vec3i(${1 << (PRECISION_BITS - 1)});
    for (var k = 0; k < rows[tap + 1u]; k++) {
      let pixel = x[u32((rows[tap] + k - rows[2]) * columns[0] + column)];
      sum += vec3i(vec3u(pixel, pixel >> 8u, pixel >> 16u) & vec3u(255)) * rows[tap + 2u + u32(k)];
    }
    value = vec3u(clamp(sum >> vec3u(${PRECISION_BITS}), vec3i(), vec3i(255)));
  }
  let at = (u32(columns[3]) * ${cropPx ** 2}u + id.y * ${cropPx}u + id.x) * ${pitch}u;
  ${repeat(3, (channel) => `y[at + ${channel}u] = levels[value[${channel}] * 3u + ${channel}u];`)}
}`;
}
