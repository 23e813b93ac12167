import * as tf from '@tensorflow/tfjs-core';
import type { Block, BlockOptions, BlockType } from './block.ts';
import { bottleneckShape } from './bottleneck-shape.ts';
import { type ConvNorm, convNorm } from './conv-norm.ts';
import type { ForwardOptions } from './forward-options.ts';
import { type Layers, usualLayers } from './layers.ts';
import { type SelectiveKernel, type SelectiveKernelKind, selectiveKernel } from './selective-kernel.ts';
import { makeShortcut, type Shortcut } from './shortcut.ts';
import type { VarScope } from './var-scope.ts';

/** A bottleneck whose 3×3 convolution selects its kernel. @see timm `SelectiveKernelBottleneck` */
class SelectiveKernelBottleneck implements Block {
  static readonly expansion: number = 4;
  readonly #conv1: ConvNorm;
  readonly #conv2: SelectiveKernel;
  readonly #conv3: ConvNorm;
  readonly #shortcut: Shortcut;
  readonly #layers: Layers;

  constructor(vars: VarScope, options: BlockOptions, kind: SelectiveKernelKind) {
    const { inChannels, groups = 1, zeroInit = false, layers = usualLayers } = options;
    const { width, outChannels, strides, dilation } = bottleneckShape(options);
    const [firstStride, stride] = strides;
    const conv2 = { inChannels: width, outChannels: width, stride, dilation, groups };
    const point = { kernelSize: 1 };
    this.#layers = layers;
    this.#conv1 = convNorm(vars.scope('conv1'), layers, {
      ...point,
      inChannels,
      outChannels: width,
      stride: firstStride,
    });
    this.#conv2 = selectiveKernel(vars.scope('conv2'), layers, kind, conv2);
    this.#conv3 = convNorm(vars.scope('conv3'), layers, { ...point, inChannels: width, outChannels, zeroInit });
    this.#shortcut = makeShortcut(vars, { ...options, outChannels, layers });
  }

  forward(x: tf.Tensor4D, options?: ForwardOptions): tf.Tensor4D {
    const { activation } = this.#layers;
    const narrow = activation.apply(this.#conv1(x, options)); // [N, H, W, width]
    const y = this.#conv3(this.#conv2(narrow, options), options); // [N, H', W', planes * 4]
    return activation.apply(tf.add(y, this.#shortcut(x, options)));
  }
}

/** The bottleneck of SKNet. */
export function selectiveKernelBottleneck(kind: SelectiveKernelKind): BlockType {
  const { expansion } = SelectiveKernelBottleneck;
  return { expansion, make: (vars, options) => new SelectiveKernelBottleneck(vars, options, kind) };
}
