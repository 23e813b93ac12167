export type { RunOptions } from '@residual/compile';
export type { AdaptOptions } from './adapt-weights.ts';
export type { BatchRunOptions } from './batch-run-options.ts';
export type { Classifier, ClassifierWeights, ClassifyOptions, FeaturesOptions } from './classifier.ts';
export { ClassifierError, type ClassifierErrorCode } from './classifier-error.ts';
export {
  type CreateClassifierOptions,
  createClassifier,
  type ModelOptions,
  type WeightsOptions,
} from './create-classifier.ts';
export {
  type FetchImageOptions,
  fetchImage,
  isWebAddress,
  MOST_PICTURE_BYTES,
  otherScheme,
} from './decode/fetch-image.ts';
export { defaultPreset } from './default-preset.ts';
export { type DescribedWeights, type DescribeWeightsOptions, describeWeights } from './describe-weights.ts';
export {
  fromPretrained,
  type LoadPretrainedOptions,
  loadPretrained,
  type PretrainedOptions,
} from './from-pretrained.ts';
export type { ClassifierEngine, FeatureMap, Features } from './network.ts';
export { type NetworkOptions, type NormalisationOptions, networkOf, withNetworkOptions } from './network-options.ts';
export type { PictureOptions } from './picture-options.ts';
export type { CalibrationPictures, PrecisionOptions } from './precision-options.ts';
export { prepareImage } from './prepare-image.ts';
export { type DrawableImage, type ImageFile, type ImageInput, type ReadImageOptions, readImage } from './read-image.ts';
export { type SavedFacts, toMetadata } from './weights-metadata.ts';
export { WeightsMismatchError } from './weights-mismatch-error.ts';
