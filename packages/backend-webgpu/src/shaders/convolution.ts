import { buffers, type ShaderBuffer } from './shader.ts';

export type Activation = 'linear' | 'relu' | 'relu6';

/** Where a convolution's residual lies: nowhere, in a buffer of its own, or where the result goes. */
export type Residual = 'none' | 'own buffer' | 'in place';

/**
 * A fused convolution on the device. Values are NHWC with channels padded to whole vectors of four; `…Vectors` count
 * those. Filters are `[tap, channel of the group, out]`, followed by the bias, in one buffer.
 */
export interface Convolution {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  /** Of one group. */
  readonly inVectors: number;
  readonly groups: number;
  /** 1 to 3 where the input is an image of that many channels without padding; 0 otherwise. */
  readonly narrowChannels: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows above, columns to the left. */
  readonly padBefore: readonly [number, number];
  readonly outHeight: number;
  readonly outWidth: number;
  /** Of all groups. */
  readonly outVectors: number;
  readonly residual: Residual;
  readonly activation: Activation;
}

/** Pixels of all images of the batch. */
export function outPixels({ batch, outHeight, outWidth }: Convolution): number {
  return batch * outHeight * outWidth;
}

/** Products along which one output is summed. */
export function depth({ kernel, inVectors, narrowChannels }: Convolution): number {
  return kernel[0] * kernel[1] * (narrowChannels || inVectors * 4);
}

export function multiplyAdds(convolution: Convolution): number {
  return outPixels(convolution) * depth(convolution) * convolution.outVectors * 4;
}

/** What kernels tell apart: an image without padding, each pixel by itself, a window that may reach beyond the image. */
export type ConvolutionKind = 'narrow' | 'pointwise' | 'window';

export function kindOf(convolution: Convolution): ConvolutionKind {
  const { narrowChannels, kernel, strides, padBefore, height, width, outHeight, outWidth } = convolution;
  if (narrowChannels > 0) return 'narrow';
  const isOne = [...kernel, ...strides].every((size) => size === 1) && padBefore.every((px) => px === 0);
  return isOne && height === outHeight && width === outWidth ? 'pointwise' : 'window';
}

/** The buffers of a convolution's shader: `x`, `weights`, `y`, and a residual of its own. */
export function convolutionBuffers({ residual, narrowChannels }: Convolution): ShaderBuffer[] {
  const names = ['x', 'weights', 'y', ...(residual === 'own buffer' ? ['residual'] : [])];
  return buffers(names, 'y', narrowChannels > 0 ? ['x'] : []);
}

/** Adds bias and residual to a sum, applies the activation, and writes; `pixel` and `column` are WGSL expressions. */
export function epilogue(convolution: Convolution, pixel: string, column: string, sum: string): string {
  const { outVectors, residual, activation } = convolution;
  const value = `${sum} + weights_unpack(weights[${depth(convolution) * outVectors}u + ${column}])${addedResidual(residual)}`;
  return `{ let at = (${pixel}) * ${outVectors}u + ${column}; y[at] = y_pack(${activated(activation, value)}); }`;
}

/** What a residual adds to a vector of the result, at `at`. */
export function addedResidual(residual: Residual): string {
  return { none: '', 'own buffer': ' + residual_unpack(residual[at])', 'in place': ' + y_unpack(y[at])' }[residual];
}

export function activated(activation: Activation, value: string): string {
  if (activation === 'relu') return `max(${value}, vec4f())`;
  return activation === 'relu6' ? `clamp(${value}, vec4f(), vec4f(6))` : value;
}
