import type { Executable, RunOptions } from '@residual/compile';
import type { PixelImage, Preset } from '@residual/vision';

/** Decoded pixels, or a frame that lies where the video's decoder has left it. */
export type Picture = PixelImage | VideoFrame | HTMLVideoElement;

/** An executable that prepares RGB pictures where it computes, as those of `webgpu()` do. */
export interface PictureExecutable extends Executable {
  /** As `run` of a whole batch; the numbers of pixels are those of `preprocess`. */
  runPictures(pictures: readonly Picture[], preset: Preset, options?: RunOptions): ReturnType<Executable['run']>;
}

export function takesPictures(executable: Executable): executable is PictureExecutable {
  return 'runPictures' in executable;
}

/** Whether it is a video or a frame of one. */
export function isVideo(image: unknown): image is VideoFrame | HTMLVideoElement {
  return (
    (typeof VideoFrame !== 'undefined' && image instanceof VideoFrame) ||
    (typeof HTMLVideoElement !== 'undefined' && image instanceof HTMLVideoElement)
  );
}
