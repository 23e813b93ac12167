import type { Rgb } from './normalize.ts';
import type { Preset } from './preset.ts';

// How those prepare pictures who publish residual networks of their own; made by calls that are marked pure, as what is
// spread would be in every page.

/** The middle of a picture, which Keras leaves to its users. */
function kerasPreset(mean: Rgb, std: Rgb): Preset {
  return { resizePx: 256, cropPx: 224, interpolation: 'bilinear', mean, std };
}

function cifarPreset(mean: Rgb, std: Rgb): Preset {
  return { resizePx: 32, cropPx: 32, interpolation: 'bilinear', mean, std };
}

/** Keras's ResNet50, 101 and 152: its `caffe` mode, in RGB. @see keras `preprocess_input` */
export const kerasCaffe: Preset = /* @__PURE__ */ kerasPreset(
  [123.68 / 255, 116.779 / 255, 103.939 / 255],
  [1 / 255, 1 / 255, 1 / 255],
);

/** Keras's ResNet50V2, 101V2 and 152V2: its `tf` mode, from -1 to 1. @see keras `preprocess_input` */
export const kerasTf: Preset = /* @__PURE__ */ kerasPreset([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]);

/** CLIP's networks for 224 pixels; others have the size of theirs. @see https://github.com/openai/CLIP/blob/main/clip/clip.py */
export const clip: Preset = {
  resizePx: 224,
  cropPx: 224,
  interpolation: 'bicubic',
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
};

/** CIFAR-10 as kuangliu's nets see it. @see https://github.com/kuangliu/pytorch-cifar/blob/master/main.py */
export const kuangliuCifar10: Preset = /* @__PURE__ */ cifarPreset([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]);

/** CIFAR-10 as chenyaofo's nets see it. @see https://github.com/chenyaofo/pytorch-cifar-models */
export const chenyaofoCifar10: Preset = /* @__PURE__ */ cifarPreset([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]);

/** CIFAR-100 as chenyaofo's nets see it. @see https://github.com/chenyaofo/pytorch-cifar-models */
export const chenyaofoCifar100: Preset = /* @__PURE__ */ cifarPreset([0.507, 0.4865, 0.4409], [0.2673, 0.2564, 0.2761]);

/** CIFAR-100 as weiaicunzai's nets see it. @see https://github.com/weiaicunzai/pytorch-cifar100/blob/master/conf/global_settings.py */
export const weiaicunzaiCifar100: Preset = /* @__PURE__ */ cifarPreset(
  [0.5070751592371323, 0.48654887331495095, 0.4408914919142867],
  [0.2673342858792401, 0.2564384629170883, 0.27615047132568404],
);

/** CIFAR-10 as huyvnphan's nets see it. @see https://github.com/huyvnphan/PyTorch_CIFAR10/blob/master/data.py */
export const huyvnphanCifar10: Preset = /* @__PURE__ */ cifarPreset([0.4914, 0.4822, 0.4465], [0.2471, 0.2435, 0.2616]);
