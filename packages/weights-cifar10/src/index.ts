export { card } from './card.ts';
export { readWeights } from './fetch-weights.ts';
export type { ModelCard } from './model-card.ts';
export { type SamplePicture, samplePictures } from './sample-pictures.ts';
export { weightsUrl } from './weights-url.ts';
