import { DeviceSource } from './device-source.ts';
import { PlanError } from './plan-error.ts';
import type { GpuInput, PlanInputs, PlanProgress } from './plan-runner.ts';
import { PlanSession } from './plan-session.ts';
import { readPlan } from './read-plan.ts';

export interface LoadPlanOptions {
  /** A device of the caller's; default: one that is asked for, and again where it is lost. */
  readonly device?: GPUDevice;
  /** Called as pipelines are compiled and weights uploaded. */
  readonly onProgress?: (progress: PlanProgress) => void;
}

export interface PlanRunOptions {
  /** Ends the wait for a turn or a result; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A model on the GPU, from a plan file. */
export interface LoadedPlan {
  /** Images are NHWC. */
  readonly inputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
  /**
   * Runs once; runs that overlap wait for each other.
   *
   * @param inputs By name: row-major float32, or pictures by a `PictureInput`.
   * @throws PlanError (`BAD_INPUT`, `DEVICE_LOST`, `DISPOSED`).
   */
  run(inputs: PlanInputs, options?: PlanRunOptions): Promise<Record<string, Float32Array>>;
  /** Frees its memory on the device after the runs under way; the device stays. */
  dispose(): Promise<void>;
}

/**
 * Puts a plan file, written by `residual export --format plan`, on the GPU.
 *
 * @param source The file, or where to fetch it.
 * @throws PlanError (`BAD_FILE`, `UNAVAILABLE`, `TOO_LARGE`).
 */
export async function loadPlan(source: ArrayBuffer | string | URL, options: LoadPlanOptions = {}): Promise<LoadedPlan> {
  const plan = readPlan(source instanceof ArrayBuffer ? source : await fetchFile(source));
  const session = await PlanSession.start(new DeviceSource(options.device), plan, options.onProgress);
  const { inputs, outputs } = plan.plan;
  let queue: Promise<unknown> = Promise.resolve();
  let disposal: Promise<void> | undefined;
  return {
    inputs: inputs.map(({ name, shape }) => ({ name, shape })),
    outputs: outputs.map(({ name, shape }) => ({ name, shape })),
    async run(given, { signal } = {}) {
      if (disposal) throw new PlanError('DISPOSED', 'plan: expected a live one, got a disposed one; load it again');
      for (const { name, shape } of inputs) checkInput(name, shape, given[name]);
      signal?.throwIfAborted();
      const result = queue.then(() => {
        signal?.throwIfAborted();
        return session.run(given);
      });
      queue = result.catch(() => undefined);
      return signal ? Promise.race([result, aborted(signal)]) : result;
    },
    dispose() {
      disposal ??= queue.then(() => session.destroy());
      return disposal;
    },
  };
}

async function fetchFile(source: string | URL): Promise<ArrayBuffer> {
  const response = await fetch(source);
  if (response.ok) return response.arrayBuffer();
  throw new PlanError('BAD_FILE', `${source}: expected a plan file, got status ${response.status}; check the address`);
}

function checkInput(name: string, shape: readonly number[], data: Float32Array | GpuInput | undefined): void {
  if (data && 'encode' in data) return;
  const count = shape.reduce((product, size) => product * size, 1);
  if (data instanceof Float32Array && data.length === count) return;
  const got = data instanceof Float32Array ? `${data.length} numbers` : 'none';
  throw new PlanError(
    'BAD_INPUT',
    `${name}: expected Float32Array of [${shape.join(', ')}], got ${got}; give ${count}`,
  );
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
