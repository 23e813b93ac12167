import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { Graph } from './graph.ts';
import { trace } from './trace.ts';

/** A model that can be built anew over other variables: `ResNet` of `@residual/resnet`, or one's own. */
export interface TraceableModel<Endpoint extends string = string> {
  /** Channels of the picture. */
  readonly inChannels: number;
  /** The same model, whose variables are what `vars` gives for their paths and shapes. */
  withVars(
    vars: (path: string, spec: { readonly shape: number[]; readonly trainable: boolean }) => Tensor,
  ): TraceableModel<Endpoint>;
  /** The outputs of the named endpoints, by name; the caller disposes each. */
  forwardIntermediates(x: Tensor4D, names: readonly Endpoint[]): Readonly<Record<string, Tensor>>;
}

/** What is traced of a model, and for pictures of which size. */
export interface TraceModelOptions<Endpoint extends string = string> {
  /** What the graph gives, by name, e.g. `['logits']`. */
  readonly endpoints: readonly Endpoint[];
  /** Pictures at once. Default 1. */
  readonly batchSize?: number;
  /** Height and width of the pictures. */
  readonly sizePx: number;
}

/**
 * Traces a model: from `image`, `[batchSize, sizePx, sizePx, inChannels]` float32, to the named endpoints. Its variables
 * become parameters by their paths; the model's own are neither read nor moved.
 *
 * @throws TraceError where the model computes something that a graph cannot hold.
 */
export function traceModel<Endpoint extends string>(
  model: TraceableModel<Endpoint>,
  { endpoints, batchSize = 1, sizePx }: TraceModelOptions<Endpoint>,
): Promise<Graph> {
  return trace((t) => {
    const traced = model.withVars((path, { shape, trainable }) => t.parameter(path, shape, { trainable }));
    const image = t.input('image', [batchSize, sizePx, sizePx, model.inChannels]) as Tensor4D;
    return traced.forwardIntermediates(image, endpoints);
  });
}
