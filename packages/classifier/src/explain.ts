export type { MapEndpoint } from '@residual/resnet';
export type { ExplainMethod, ExplainOptions, Explanation, Heatmap } from './explain/explanation.ts';
export { overlay } from './explain/overlay.ts';
