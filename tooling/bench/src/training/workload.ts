import { type Recipe, recipes } from '@residual/train';

/** What is trained. */
export interface Workload {
  readonly model: string;
  readonly sizePx: number;
  readonly batch: number;
  readonly learningRate: number;
  /** CIFAR-10's binary version; left out, the pictures are made up. */
  readonly folder?: string;
}

/** First weights and batches that all trainers share. */
export interface SharedFiles {
  /** A state dict in PyTorch's layout, safetensors. */
  readonly initialFile: string;
  /** `images` `[batches, N, H, W, 3]` float32 and `labels` `[batches, N]` int32, safetensors. */
  readonly batchesFile: string;
}

/** How all train: the paper's recipe in the workload's sizes, at one rate. */
export function recipeOf({ sizePx, batch, learningRate }: Workload): Recipe {
  const schedule = { multiStep: { learningRate, milestones: [] } };
  return { ...recipes()['cifar-paper']!, sizePx, batchSize: batch, schedule };
}
