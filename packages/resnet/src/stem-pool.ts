import {
  averageAntiAlias,
  blurAntiAlias,
  type ForwardOptions,
  type Layers,
  maxPool,
  maxPoolToEnd,
  type VarScope,
} from '@residual/blocks';
import type { Tensor4D } from '@tensorflow/tfjs-core';

export interface StemPoolOptions {
  readonly channels: number;
  readonly layers: Layers;
}

/** What halves the output of a stem's convolutions: a value in the stem. */
export type StemPool = (
  vars: VarScope,
  options: StemPoolOptions,
) => (x: Tensor4D, options?: ForwardOptions) => Tensor4D;

/** 3×3 max pooling at stride 2. @see He et al. 2015, table 1 */
export const maxPooling: StemPool =
  (_vars, { layers }) =>
  (x) =>
    maxPool(x, layers.activation);

/** The same without padding at the beginning, as in Caffe. @see timm `SENet` */
export const maxPoolingToEnd: StemPool =
  (_vars, { layers }) =>
  (x) =>
    maxPoolToEnd(x, layers.activation);

/** The mean of each 2×2 square. @see timm `ResNet(aa_layer=nn.AvgPool2d)` */
export const averagePooling: StemPool = () => (x) => averageAntiAlias(x, 2);

/** 3×3 max pooling at full size, then a blur at stride 2. @see Zhang 2019, arXiv:1904.11486, section 3.2 */
export const blurredMaxPooling: StemPool = (_vars, { layers: { activation } }) => {
  const { isNonNegative } = activation;
  return (x) => blurAntiAlias(maxPool(x, { isNonNegative, stride: 1 }), 2);
};

/**
 * A 3×3 convolution at stride 2, its norm and activation: `maxpool.0` and `maxpool.1`, called after what they replace.
 *
 * @see Bello et al. 2021, arXiv:2103.07579, appendix C; timm `replace_stem_pool`
 */
export const convolutionPooling: StemPool = (vars, { channels, layers }) => {
  const shape = { inChannels: channels, outChannels: channels, kernelSize: 3, stride: 2 };
  const conv = layers.conv(vars.scope('maxpool.0'), shape);
  const norm = layers.norm(vars.scope('maxpool.1'), channels);
  return (x, options) => layers.activation.apply(norm.forward(conv.forward(x), options));
};
