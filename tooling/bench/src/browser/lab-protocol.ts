/** One training of the demo's lab. */
export interface LabJob {
  readonly engine: 'webgpu' | 'tfjs-webgpu';
  readonly model: 'plain20' | 'resnet20';
}

/** After steps: how long these have taken, the losses of all so far, and what computes. */
export interface LabAnswer {
  readonly ms: number;
  readonly losses: readonly number[];
  readonly device: string;
}
