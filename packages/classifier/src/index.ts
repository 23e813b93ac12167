export type { Classifier, ClassifyOptions } from './classifier.ts';
export { ClassifierError, type ClassifierErrorCode } from './classifier-error.ts';
export {
  type CreateClassifierOptions,
  createClassifier,
  type ModelOptions,
  type WeightsOptions,
} from './create-classifier.ts';
export { defaultPreset } from './default-preset.ts';
export type { ClassifierEngine } from './network.ts';
export { toMetadata, type WeightsMetadata } from './weights-metadata.ts';
export { WeightsMismatchError } from './weights-mismatch-error.ts';
