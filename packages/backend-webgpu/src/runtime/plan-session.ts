import type { PackWeights, Plan } from '../plan/plan.ts';
import type { DeviceSource } from './device-source.ts';
import { PlanError } from './plan-error.ts';
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
      if (this.#source.plan.state !== undefined) throw stateLost();
      this.#restarting ??= this.#restart().finally(() => {
        this.#restarting = undefined;
      });
      await this.#restarting;
    }
    return this.#runner.run(inputs, stepMs);
  }

  /** As {@link PlanRunner.writeState}. @throws PlanError (`DEVICE_LOST`). */
  writeState(values: Readonly<Record<string, Float32Array>>): void {
    if (this.#runner.loss) throw stateLost();
    this.#runner.writeState(values);
  }

  /** As {@link PlanRunner.readState}. */
  async readState(): Promise<Record<string, Float32Array>> {
    if (this.#runner.loss) throw stateLost();
    return this.#runner.readState();
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

function stateLost(): PlanError {
  const next = 'compile again and go on from the last checkpoint';
  return new PlanError('DEVICE_LOST', `webgpu: expected the device that holds the state, got it lost; ${next}`);
}

async function startRunner(
  devices: DeviceSource,
  { plan, pack }: PlanSource,
  onProgress?: (progress: PlanProgress) => void,
): Promise<PlanRunner> {
  const { device, pipelines } = await devices.get();
  return PlanRunner.create(device, plan, pack, { pipelines, onProgress });
}
