import { FLAT_MAIN, flat } from '../flat.ts';
import { type Pooling, poolingShape } from '../pooling.ts';
import { buffers, type Shader } from '../shader.ts';

/** The gradient of an average of the real pixels in a window: a vector of a pixel a thread, which gathers from its windows. */
export function averagePoolGradient(pool: Omit<Pooling, 'kind'>): Shader {
  const { batch, height, width, vectors } = pool;
  const { uniforms, workgroups } = flat(batch * height * width * vectors);
  const body = `fn real(begin: u32, window: u32, pad: u32, size: u32) -> f32 {
  return f32(min(begin + window, size + pad) - max(begin, pad));
}
${FLAT_MAIN}
  let vector = item % shape.vectors;
  let pixel = item / shape.vectors;
  let top = pixel / shape.width % shape.height + shape.padTop;
  let left = pixel % shape.width + shape.padLeft;
  let image = pixel / shape.width / shape.height;
  let firstRow = select(0u, (top - shape.windowHeight) / shape.strideY + 1u, top >= shape.windowHeight);
  let firstColumn = select(0u, (left - shape.windowWidth) / shape.strideX + 1u, left >= shape.windowWidth);
  var value = vec4f();
  for (var row = firstRow; row < min(top / shape.strideY + 1u, shape.outHeight); row++) {
    let tall = real(row * shape.strideY, shape.windowHeight, shape.padTop, shape.height);
    for (var column = firstColumn; column < min(left / shape.strideX + 1u, shape.outWidth); column++) {
      let wide = real(column * shape.strideX, shape.windowWidth, shape.padLeft, shape.width);
      let at = ((image * shape.outHeight + row) * shape.outWidth + column) * shape.vectors + vector;
      value += dy_unpack(dy[at]) / (tall * wide);
    }
  }
  dx[item] = dx_pack(value);
}`;
  return {
    buffers: buffers(['dy', 'dx'], 'dx'),
    uniforms: { ...uniforms, ...poolingShape(pool) },
    body,
    workgroups,
  };
}
