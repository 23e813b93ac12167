export { DEFAULT, findWeights, getWeights, listWeights } from './catalogue.ts';
export { isPermissive } from './licences.ts';
export type {
  ImagenetModel,
  ImagenetWeights,
  ImagenetWeightsName,
  PublishedMetric,
  PublishedModel,
  PublishedWeights,
  WeightsName,
} from './published-weights.ts';
export { UnknownWeightsError } from './unknown-weights-error.ts';
