import { FLAT_MAIN, flat } from './flat.ts';
import { buffers, LEAST, type Shader } from './shader.ts';

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

/**
 * A maximum over a window padded with −∞, or an average of the real pixels in it; a vector of channels a thread. Its shape is in
 * uniforms: loops of a length that a compiler knows are unrolled, which takes LLVM long.
 */
export function pooling(pool: Pooling): Shader {
  const { kind, batch, vectors, outHeight, outWidth } = pool;
  const { uniforms, workgroups } = flat(batch * outHeight * outWidth * vectors);
  const isMax = kind === 'max';
  const body = `${FLAT_MAIN}
  let channel = item % shape.vectors;
  let pixel = item / shape.vectors;
  let image = pixel / (shape.outHeight * shape.outWidth);
  let top = i32(pixel / shape.outWidth % shape.outHeight * shape.strideY) - i32(shape.padTop);
  let left = i32(pixel % shape.outWidth * shape.strideX) - i32(shape.padLeft);
  let bottom = min(top + i32(shape.windowHeight), i32(shape.height));
  let right = min(left + i32(shape.windowWidth), i32(shape.width));
  var value = vec4f(${isMax ? LEAST : ''});
  var seen = 0.0;
  for (var py = max(top, 0); py < bottom; py++) {
    for (var px = max(left, 0); px < right; px++) {
      let read = x_unpack(x[((image * shape.height + u32(py)) * shape.width + u32(px)) * shape.vectors + channel]);
      value = ${isMax ? 'max(value, read)' : 'value + read'};
      seen += 1.0;
    }
  }
  y[item] = y_pack(value${isMax ? '' : ' / seen'});
}`;
  return {
    buffers: buffers(['x', 'y'], 'y'),
    uniforms: { ...uniforms, ...poolingShape(pool) },
    body,
    workgroups,
  };
}

/** Its shape, as the shaders of pooling and of its gradient name it. */
export function poolingShape(pool: Omit<Pooling, 'kind' | 'batch'>): Readonly<Record<string, number>> {
  const { height, width, vectors, window, strides, padBefore, outHeight, outWidth } = pool;
  return {
    ...{ height, width, outHeight, outWidth, vectors },
    windowHeight: window[0],
    windowWidth: window[1],
    strideY: strides[0],
    strideX: strides[1],
    padTop: padBefore[0],
    padLeft: padBefore[1],
  };
}

export interface SpatialPooling {
  readonly kind: Pooling['kind'];
  readonly batch: number;
  readonly pixels: number;
  readonly vectors: number;
}

/** The mean over the pixels of each image, or the maximum; its shape is in uniforms, as that of {@link pooling}. */
export function spatialPooling({ kind, batch, pixels, vectors }: SpatialPooling): Shader {
  const { uniforms, workgroups } = flat(batch * vectors);
  const isMax = kind === 'max';
  const body = `${FLAT_MAIN}
  var value = vec4f(${isMax ? LEAST : ''});
  for (var pixel = 0u; pixel < shape.pixels; pixel++) {
    let read = x_unpack(x[(item / shape.vectors * shape.pixels + pixel) * shape.vectors + item % shape.vectors]);
    value = ${isMax ? 'max(value, read)' : 'value + read'};
  }
  y[item] = y_pack(value${isMax ? '' : ' / f32(shape.pixels)'});
}`;
  return { buffers: buffers(['x', 'y'], 'y'), uniforms: { ...uniforms, pixels, vectors }, body, workgroups };
}
