import { type Convolution, depth, outPixels } from '../shaders/convolution.ts';

/**
 * A convolution of one group by its definition, in float64, on the values and the packed filter that its shaders take.
 *
 * @param x NHWC; channels padded to whole vectors, or where they are narrow without padding.
 * @param weights `[tap, in, out]`, then the bias.
 * @param residual As the result, where the convolution adds one.
 */
export function convolveOnHost(
  convolution: Convolution,
  x: Float32Array,
  weights: Float32Array,
  residual?: Float32Array,
): Float32Array {
  const { height, width, kernel, strides, dilations, padBefore, outHeight, outWidth, activation } = convolution;
  const inChannels = convolution.narrowChannels || convolution.inVectors * 4;
  const outChannels = convolution.outVectors * 4;
  const pixels = outPixels(convolution);
  const y = new Float32Array(pixels * outChannels);
  const bias = depth(convolution) * outChannels;
  const sums = new Float64Array(outChannels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const image = Math.floor(pixel / outWidth / outHeight);
    const top = (Math.floor(pixel / outWidth) % outHeight) * strides[0] - padBefore[0];
    const left = (pixel % outWidth) * strides[1] - padBefore[1];
    for (let out = 0; out < outChannels; out++) {
      sums[out] = weights[bias + out]! + (residual?.[pixel * outChannels + out] ?? 0);
    }
    for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
      const py = top + Math.floor(tap / kernel[1]) * dilations[0];
      const px = left + (tap % kernel[1]) * dilations[1];
      if (py < 0 || py >= height || px < 0 || px >= width) continue;
      const from = ((image * height + py) * width + px) * inChannels;
      for (let channel = 0; channel < inChannels; channel++) {
        const value = x[from + channel]!;
        const row = (tap * inChannels + channel) * outChannels;
        for (let out = 0; out < outChannels; out++) sums[out]! += value * weights[row + out]!;
      }
    }
    for (let out = 0; out < outChannels; out++) {
      const sum = activation === 'linear' ? sums[out]! : Math.max(0, sums[out]!);
      y[pixel * outChannels + out] = activation === 'relu6' ? Math.min(6, sum) : sum;
    }
  }
  return y;
}
