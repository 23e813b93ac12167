import type { Tensor } from '@tensorflow/tfjs-core';

/** How a forward pass is run. */
export interface ForwardOptions {
  /** Batch norm uses the batch's own statistics. Default false. */
  readonly training?: boolean;
  /** Batch norm keeps to its running statistics though `training`, as when fine-tuning on small batches. */
  readonly frozenBatchNorm?: boolean;
  /**
   * Receives the new running statistics of each batch norm by name (`bn1.running_mean`), kept alive over `tidy`;
   * whoever gave the map assigns and disposes them. Nothing is assigned by the pass itself, so it can be traced.
   */
  readonly updates?: Map<string, Tensor>;
}
