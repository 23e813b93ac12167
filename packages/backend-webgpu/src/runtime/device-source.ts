import type { PipelineCache } from './pipeline-cache.ts';
import { PlanError } from './plan-error.ts';
import { requestDevice } from './request-device.ts';

export interface DeviceInUse {
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
}

/** The device of an engine, asked for when it is first needed, and again when it is lost; one that is given stays. */
export class DeviceSource {
  readonly #given: GPUDevice | undefined;
  #isGivenLost = false;
  #current: Promise<DeviceInUse> | undefined;

  constructor(given?: GPUDevice) {
    this.#given = given;
    given?.lost.then(() => {
      this.#isGivenLost = true;
    });
  }

  /** @throws PlanError (`UNAVAILABLE`; `DEVICE_LOST` where the one that was given is gone). */
  async get(): Promise<DeviceInUse> {
    if (this.#isGivenLost) {
      throw new PlanError('DEVICE_LOST', 'webgpu: expected the given device to live, got it lost; give another');
    }
    if (this.#current) return this.#current;
    const asked = this.#ask();
    this.#current = asked;
    const forget = (): void => {
      if (this.#current === asked) this.#current = undefined;
    };
    asked.then(({ device }) => {
      if (this.#given === undefined) device.lost.then(forget);
    }, forget);
    return asked;
  }

  async #ask(): Promise<DeviceInUse> {
    return { device: this.#given ?? (await requestDevice()), pipelines: new Map() };
  }
}
