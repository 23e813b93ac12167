export { type Augmentation, chainAugmentations } from './augment/augmentation.ts';
export { type ColorJitterOptions, colorJitter } from './augment/color-jitter.ts';
export { randomCrop } from './augment/random-crop.ts';
export { type RandomErasingOptions, randomErasing } from './augment/random-erasing.ts';
export { randomFlip } from './augment/random-flip.ts';
export { type RandomResizedCropOptions, randomResizedCrop } from './augment/random-resized-crop.ts';
export { trivialAugmentWide } from './augment/trivial-augment.ts';
export { type CropRounding, centerCrop } from './crop.ts';
export { type CropTaps, cropTaps } from './crop-taps.ts';
export { decodeBlob } from './decode-blob.ts';
export { DecodeError, type DecodeErrorCode } from './decode-error.ts';
export { readOrientation } from './exif-orientation.ts';
export { fromPixels, type Pixels } from './from-pixels.ts';
export type { HuggingFaceConfig } from './hugging-face-config.ts';
export { ImageError } from './image-error.ts';
export type { ImageNote, ImageNoteCode } from './image-note.ts';
export type { FilterTaps, Interpolation } from './interpolation.ts';
export { type Normalization, normalize, normalizer, type Rgb } from './normalize.ts';
export { type PictureFormat, type PictureFormatName, pictureFormat } from './picture-format.ts';
export type { PixelImage } from './pixel-image.ts';
export { DEFAULT_MAX_PIXELS, type DecodeOptions } from './pixel-limit.ts';
export { preprocess, preprocessGrey, resizeAndCrop } from './preprocess.ts';
export {
  CROP_MODES,
  type CropMode,
  cifar,
  huggingFace,
  IMAGENET_MEAN,
  IMAGENET_STD,
  imagenet1kV1,
  imagenet1kV2,
  type Preset,
  timm224,
  timm288,
} from './preset.ts';
export { PresetError } from './preset-error.ts';
export { presetFromHuggingFace } from './preset-from-hugging-face.ts';
export { presetFromTimm, type TimmConfig } from './preset-from-timm.ts';
export { getPreset, listPresets } from './preset-names.ts';
export {
  chenyaofoCifar10,
  chenyaofoCifar100,
  clip,
  huyvnphanCifar10,
  kerasCaffe,
  kerasTf,
  kuangliuCifar10,
  weiaicunzaiCifar100,
} from './preset-publishers.ts';
export { readBitmap } from './read-bitmap.ts';
export { type ResizeOptions, resize, resizeShortestEdge } from './resize.ts';
export { ScoresError } from './scores-error.ts';
export { type Random, randomBetween, randomInt, seededRandom } from './seeded-random.ts';
export { toGrey } from './to-grey.ts';
export { type Prediction, softmax, topK } from './top-k.ts';
