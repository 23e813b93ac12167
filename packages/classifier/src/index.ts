export { Classifier, type ClassifyOptions } from './classifier.ts';
export { ClassifierError, type ClassifierErrorCode } from './classifier-error.ts';
export {
  type CreateClassifierOptions,
  createClassifier,
  type ModelOptions,
  type WeightsOptions,
} from './create-classifier.ts';
export { WeightsMismatchError } from './weights-mismatch-error.ts';
