/** What is known of the weights. */
export interface ModelCard {
  /** Variant, by its name in @residual/resnet. */
  readonly model: string;
  /** Of `model.safetensors`. */
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly parameters: number;
  /** As they are stored, in float16, on the 10,000 test pictures; `top1` and `top5` are percentages. */
  readonly test: {
    readonly correct: number;
    readonly total: number;
    readonly top1: number;
    readonly top5: number;
    readonly loss: number;
    readonly calibrationError: number;
  };
  readonly seed: number;
  /** What pictures and their gradients were computed in. */
  readonly precision: 'fp32' | 'bf16';
  readonly command: string;
  /** A recipe of @residual/train. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** Percentages of each epoch: training error as it is met in training, test error at the end where it was measured. */
  readonly curve: readonly { readonly epoch: number; readonly trainError: number; readonly testError?: number }[];
  readonly versions: Readonly<Record<string, string>>;
  readonly licence: string;
}
