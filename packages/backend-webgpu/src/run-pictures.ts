import { EngineError, type Executable, type RunOptions } from '@residual/compile';
import { type PixelImage, type Preset, preprocess } from '@residual/vision';
import { PictureInput, type PictureSource } from './runtime/picture-input.ts';
import { PlanError } from './runtime/plan-error.ts';
import type { GpuInput } from './runtime/plan-runner.ts';

type Input = Float32Array | GpuInput;

/** Runs a graph whose one input is a batch of pictures. */
export interface PictureRuns {
  run(pictures: readonly PictureSource[], preset: Preset, options?: RunOptions): ReturnType<Executable['run']>;
  /** Frees what is prepared on the device. */
  dispose(): void;
}

/** Prepares pictures on the device, or on the CPU where one is too large for it; the numbers are the same. */
export function pictureRuns(run: (input: Input, options?: RunOptions) => ReturnType<Executable['run']>): PictureRuns {
  const made = new Map<string, PictureInput>();
  const inputOf = (preset: Preset): PictureInput => {
    const key = JSON.stringify(preset);
    const input = made.get(key) ?? new PictureInput(preset);
    made.set(key, input);
    return input;
  };
  return {
    async run(pictures, preset, options) {
      try {
        return await run(inputOf(preset).of(pictures), options);
      } catch (error) {
        if (!isTooLarge(error) || !pictures.every(isPixels)) throw error;
        return run(preparedOnHost(pictures, preset), options);
      }
    },
    dispose() {
      for (const input of made.values()) input.dispose();
    },
  };
}

function isTooLarge(error: unknown): boolean {
  return EngineError.isInstance(error) && PlanError.isInstance(error.cause) && error.cause.code === 'TOO_LARGE';
}

function isPixels(picture: PictureSource): picture is PixelImage {
  return 'data' in picture;
}

function preparedOnHost(pictures: readonly PixelImage[], preset: Preset): Float32Array {
  const each = preset.cropPx ** 2 * 3;
  const batch = new Float32Array(pictures.length * each);
  for (const [index, picture] of pictures.entries()) batch.set(preprocess(picture, preset), index * each);
  return batch;
}
