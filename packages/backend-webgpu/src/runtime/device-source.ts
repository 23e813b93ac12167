import type { PipelineCache } from './plan-runner.ts';
import { requestDevice } from './request-device.ts';

export interface DeviceInUse {
  readonly device: GPUDevice;
  readonly pipelines: PipelineCache;
}

/** The device of an engine, asked for when it is first needed, and again when it is lost; one that is given stays. */
export class DeviceSource {
  readonly #given: GPUDevice | undefined;
  #current: Promise<DeviceInUse> | undefined;

  constructor(given?: GPUDevice) {
    this.#given = given;
  }

  get(): Promise<DeviceInUse> {
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
