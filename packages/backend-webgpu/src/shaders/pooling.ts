import { buffers, flatMain, flatWorkgroups, LEAST, type Shader } from './shader.ts';

export interface Pooling {
  readonly kind: 'max' | 'average';
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly vectors: number;
  readonly window: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows above, columns to the left. */
  readonly padBefore: readonly [number, number];
  readonly outHeight: number;
  readonly outWidth: number;
}

/** A maximum over a window padded with −∞, or an average of the real pixels in it; a vector of channels a thread. */
export function pooling(pool: Pooling): Shader {
  const { kind, batch, height, width, vectors, window, strides, padBefore, outHeight, outWidth } = pool;
  const count = batch * outHeight * outWidth * vectors;
  const isMax = kind === 'max';
  const body = `${flatMain(count)}
  let channel = item % ${vectors}u;
  let pixel = item / ${vectors}u;
  let image = pixel / ${outHeight * outWidth}u;
  let top = i32(pixel / ${outWidth}u % ${outHeight}u) * ${strides[0]} - ${padBefore[0]};
  let left = i32(pixel % ${outWidth}u) * ${strides[1]} - ${padBefore[1]};
  var value = vec4f(${isMax ? LEAST : ''});
  var seen = 0.0;
  for (var py = max(top, 0); py < min(top + ${window[0]}, ${height}); py++) {
    for (var px = max(left, 0); px < min(left + ${window[1]}, ${width}); px++) {
      let read = x_unpack(x[((image * ${height}u + u32(py)) * ${width}u + u32(px)) * ${vectors}u + channel]);
      value = ${isMax ? 'max(value, read)' : 'value + read'};
      seen += 1.0;
    }
  }
  y[item] = y_pack(value${isMax ? '' : ' / seen'});
}`;
  return { buffers: buffers(['x', 'y'], 'y'), body, workgroups: flatWorkgroups(count) };
}

export interface SpatialPooling {
  readonly kind: Pooling['kind'];
  readonly batch: number;
  readonly pixels: number;
  readonly vectors: number;
}

/** The mean over the pixels of each image, or the maximum. */
export function spatialPooling({ kind, batch, pixels, vectors }: SpatialPooling): Shader {
  const count = batch * vectors;
  const isMax = kind === 'max';
  const body = `${flatMain(count)}
  var value = vec4f(${isMax ? LEAST : ''});
  for (var pixel = 0u; pixel < ${pixels}u; pixel++) {
    let read = x_unpack(x[(item / ${vectors}u * ${pixels}u + pixel) * ${vectors}u + item % ${vectors}u]);
    value = ${isMax ? 'max(value, read)' : 'value + read'};
  }
  y[item] = y_pack(value${isMax ? '' : ` / ${pixels}.0`});
}`;
  return { buffers: buffers(['x', 'y'], 'y'), body, workgroups: flatWorkgroups(count) };
}
