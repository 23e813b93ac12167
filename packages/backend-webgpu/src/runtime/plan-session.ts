import type { PackWeights, Plan } from '../plan/plan.ts';
import type { DeviceSource } from './device-source.ts';
import { type PlanInputs, type PlanProgress, PlanRunner } from './plan-runner.ts';

export interface PlanSource {
  readonly plan: Plan;
  readonly pack: PackWeights;
}

/** A plan that outlives its device: where that is lost, the next run builds it again on another. */
export class PlanSession {
  readonly #devices: DeviceSource;
  readonly #source: PlanSource;
  #runner: PlanRunner;
  #restarting: Promise<void> | undefined;

  private constructor(devices: DeviceSource, source: PlanSource, runner: PlanRunner) {
    this.#devices = devices;
    this.#source = source;
    this.#runner = runner;
  }

  static async start(
    devices: DeviceSource,
    source: PlanSource,
    onProgress?: (progress: PlanProgress) => void,
  ): Promise<PlanSession> {
    return new PlanSession(devices, source, await startRunner(devices, source, onProgress));
  }

  get runner(): PlanRunner {
    return this.#runner;
  }

  /** As {@link PlanRunner.run}. */
  async run(inputs: PlanInputs, stepMs?: Float64Array): Promise<Record<string, Float32Array>> {
    if (this.#runner.loss) {
      this.#restarting ??= this.#restart().finally(() => {
        this.#restarting = undefined;
      });
      await this.#restarting;
    }
    return this.#runner.run(inputs, stepMs);
  }

  async #restart(): Promise<void> {
    this.#runner.destroy();
    this.#runner = await startRunner(this.#devices, this.#source);
  }

  /** Frees the plan's buffers; the device stays. */
  destroy(): void {
    this.#runner.destroy();
  }
}

async function startRunner(
  devices: DeviceSource,
  { plan, pack }: PlanSource,
  onProgress?: (progress: PlanProgress) => void,
): Promise<PlanRunner> {
  const { device, pipelines } = await devices.get();
  return PlanRunner.create(device, plan, pack, { pipelines, onProgress });
}
