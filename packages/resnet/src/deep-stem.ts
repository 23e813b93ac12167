import { type Layers, maxPool } from '@residual/blocks';
import type { StemType } from './stem.ts';

/**
 * Three 3×3 convolutions in place of one of 7×7, the first at stride 2, then max pooling; `widths` are the channels after the
 * first and the second. Its variables are called as in an `nn.Sequential`: `conv1.0`, `conv1.1`, `conv1.3`, …, `bn1`.
 *
 * @see He et al. 2018, arXiv:1812.01187, figure 2b (ResNet-C); timm `stem_type='deep'`, `'deep_tiered'`
 */
export function deepStem(widths: readonly [number, number]): StemType {
  return {
    stride: 4,
    sizePx: 224,
    make: (vars, { inChannels, outChannels, layers }) => {
      const channels = [inChannels, ...widths, outChannels];
      const steps = [0, 1, 2].map((index) => {
        const shape = { inChannels: channels[index]!, outChannels: channels[index + 1]!, kernelSize: 3 };
        const conv = layers.conv(vars.scope(`conv1.${3 * index}`), { ...shape, stride: index === 0 ? 2 : 1 });
        const norm = layers.norm(vars.scope(index === 2 ? 'bn1' : `conv1.${3 * index + 1}`), shape.outChannels);
        return { conv, norm };
      });
      const { activation }: Layers = layers;
      return {
        input: steps[0]!.conv,
        forward: (x, options) => {
          const step = (y: typeof x, { conv, norm }: (typeof steps)[number]): typeof x =>
            activation.apply(norm.forward(conv.forward(y), options));
          return maxPool(steps.reduce(step, x), activation);
        },
      };
    },
  };
}
