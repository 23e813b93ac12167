/** Who computes a camera's frames: each by what a page of it would do. */
export const videoEngines = ['webgpu', 'wasm'] as const;

export type VideoEngine = (typeof videoEngines)[number];

export interface VideoJob {
  readonly model: string;
  readonly sizePx: number;
  readonly weightsUrl: string;
  readonly threads: number;
}

/** What following the camera for some seconds gave. */
export interface Followed {
  readonly frames: number;
  /** Between the first answer and the last. */
  readonly framesPerSecond: number;
}

export interface VideoPage {
  /** Compiles the network on every engine, and turns the camera on. @returns What each runs on, and the camera's frames. */
  load(job: VideoJob): Promise<{ readonly devices: Readonly<Record<VideoEngine, string>>; readonly camera: string }>;
  follow(engine: VideoEngine, seconds: number): Promise<Followed>;
}
