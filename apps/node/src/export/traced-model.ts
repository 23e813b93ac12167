import { bind, type Graph, optimize, traceModel, weightsFrom } from '@residual/compile';
import type { ExportedModel } from './export-formats.ts';

/**
 * A model as an optimised graph with its weights, `image` → `logits`, or without a head `pooled`; the model's own copy of the
 * weights is gone afterwards.
 */
export async function tracedModel({ model, sizePx }: ExportedModel): Promise<Graph> {
  const graph = await traceModel(model, { endpoints: [outputOf(model)], sizePx });
  return bind(optimize(graph), await weightsFrom(model.variables, { release: true }));
}

/** What the exported network gives: its last endpoint. */
export function outputOf({ numClasses }: ExportedModel['model']): 'logits' | 'pooled' {
  return numClasses === null ? 'pooled' : 'logits';
}
