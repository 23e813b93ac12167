export type { ExplainMethod, ExplainOptions, Explanation, Heatmap, MapEndpoint } from './explain/explanation.ts';
export { overlay } from './explain/overlay.ts';
