import type { ProfileAnswer } from '../profile/profile-job.ts';

/** What a page needs to know to become an engine. */
export interface PageJob {
  readonly model: string;
  readonly sizePx: number;
  /** Addresses of the files, on the page's own server. */
  readonly weightsUrl: string;
  readonly onnxUrl: string;
  readonly tfliteUrl: string;
  readonly threads: number;
}

/** What one warm run takes of WebGPU, as seen at its API. */
export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  /** Buffers made during the run. */
  readonly newBuffers: number;
  /** Compute pipelines, buffers and their bytes that there are, whoever made them. */
  readonly pipelines: number;
  readonly buffers: number;
  readonly gpuMB: number;
}

export interface PageLoaded {
  readonly device: string;
  readonly libraryMs: number;
  readonly loadMs: number;
  readonly firstMs: number;
  readonly logits: readonly number[];
}

/** An engine that is ready. */
export interface PageRunner {
  readonly device: string;
  run(picture: Float32Array): Promise<Float32Array>;
  /** Of so many runs; only Residual's engines that see their steps have it. */
  profile?(picture: Float32Array, runs: number): Promise<ProfileAnswer>;
}

/** Loads the library; what it returns then loads the model, so that the two are timed apart. */
export type LoadPage = (job: PageJob) => Promise<() => Promise<PageRunner>>;

/** What a page offers to the benchmark. */
export interface BenchPage {
  load(job: PageJob): Promise<PageLoaded>;
  run(runs: number): Promise<number[]>;
  count(): Promise<GpuCounts>;
  profile(runs: number): Promise<ProfileAnswer>;
}
