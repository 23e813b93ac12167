import type { StemNames, StemType } from './stem.ts';
import { maxPooling, type StemPool } from './stem-pool.ts';

/** As in an `nn.Sequential` with a norm after it: `conv1.0`, `conv1.1`, `conv1.3`, …, `bn1`. @see timm `ResNet` */
const sequentialNames: readonly StemNames[] = [
  { conv: 'conv1.0', norm: 'conv1.1' },
  { conv: 'conv1.3', norm: 'conv1.4' },
  { conv: 'conv1.6', norm: 'bn1' },
];

export interface DeepStemOptions {
  /** Default `maxPooling`. */
  readonly pool?: StemPool;
  /** Of each convolution; default `conv1.0` and `conv1.1`, …, `conv1.6` and `bn1`. */
  readonly names?: readonly StemNames[];
  /** Edge of the pictures that it is made for; default 224. */
  readonly sizePx?: number;
}

/** The channels after the first and the second convolution, or what they are for so many after the third. */
export type DeepStemWidths = readonly [number, number] | ((outChannels: number) => readonly [number, number]);

/**
 * Three 3×3 convolutions in place of one of 7×7, the first at stride 2, then pooling.
 *
 * @see He et al. 2018, arXiv:1812.01187, figure 2b (ResNet-C); timm `stem_type='deep'`, `'deep_tiered'`
 */
export function deepStem(widths: DeepStemWidths, options: DeepStemOptions = {}): StemType {
  const { pool = maxPooling, names = sequentialNames, sizePx = 224 } = options;
  return {
    stride: 4,
    sizePx,
    make: (vars, { inChannels, outChannels, layers }) => {
      const inner = typeof widths === 'function' ? widths(outChannels) : widths;
      const channels = [inChannels, ...inner, outChannels];
      const steps = names.map((name, index) => {
        const shape = { inChannels: channels[index]!, outChannels: channels[index + 1]!, kernelSize: 3 };
        const conv = layers.conv(vars.scope(name.conv), { ...shape, stride: index === 0 ? 2 : 1 });
        const norm = layers.norm(vars.scope(name.norm), shape.outChannels);
        return { conv, norm };
      });
      return {
        input: steps[0]!.conv,
        convolve: (x, forward) => {
          const step = (y: typeof x, { conv, norm }: (typeof steps)[number]): typeof x =>
            layers.activation.apply(norm.forward(conv.forward(y), forward));
          return steps.reduce(step, x);
        },
        pool: pool(vars, { channels: outChannels, layers }),
      };
    },
  };
}
