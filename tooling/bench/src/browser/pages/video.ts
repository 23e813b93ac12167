import { wasm } from '@residual/backend-wasm';
import { type FollowedFrame, followVideo, PictureInput, webgpu } from '@residual/backend-webgpu';
import { imagenet1kV1, preprocess, readBitmap } from '@residual/vision';
import type { Followed, VideoEngine, VideoPage } from '../video-protocol.ts';
import { compileOn } from './compile-model.ts';

const runs = {} as Record<VideoEngine, (frame: FollowedFrame) => Promise<unknown>>;
const video = document.createElement('video');

const page: VideoPage = {
  async load(job) {
    const preset = { ...imagenet1kV1, resizePx: Math.round((job.sizePx * 256) / 224), cropPx: job.sizePx };
    const onGpu = await compileOn(job, webgpu());
    const input = new PictureInput(preset);
    runs.webgpu = (frame) => onGpu.runOn({ image: input.of(frame) });
    const onCpu = await compileOn(job, wasm({ threads: job.threads }));
    runs.wasm = async (frame) => {
      const bitmap = await createImageBitmap(frame);
      const image = preprocess(readBitmap(bitmap), preset);
      bitmap.close();
      return onCpu.run({ image });
    };
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
    video.muted = true;
    video.srcObject = stream;
    await video.play();
    const { width, height, frameRate } = stream.getVideoTracks()[0]!.getSettings();
    return {
      devices: { webgpu: onGpu.info.device, wasm: onCpu.info.device },
      camera: `${width}×${height}, ${frameRate} frames a second`,
    };
  },
  async follow(engine, seconds): Promise<Followed> {
    const ending = new AbortController();
    const answeredMs: number[] = [];
    const endMs = performance.now() + 1000 * seconds;
    await followVideo(video, runs[engine], {
      signal: ending.signal,
      onAnswer() {
        answeredMs.push(performance.now());
        // A rate needs two.
        if (performance.now() > endMs && answeredMs.length > 1) ending.abort();
      },
    });
    const [first, last] = [answeredMs[0]!, answeredMs.at(-1)!];
    return { frames: answeredMs.length, framesPerSecond: (1000 * (answeredMs.length - 1)) / (last - first) };
  },
};
Object.assign(globalThis, { residualVideo: page });
