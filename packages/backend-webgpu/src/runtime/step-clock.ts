// WebGPU's constants, by value: not every worker has the global objects.
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const QUERY_RESOLVE = 0x200;

/** WebGPU's limit of a query set. */
const MOST_QUERIES = 4096;
const TIMESTAMP_BYTES = 8;

/** When the steps of one run begin and end, by the device's own clock. */
export class StepClock {
  readonly #steps: number;
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #staging: GPUBuffer;

  private constructor(device: GPUDevice, steps: number) {
    const size = 2 * steps * TIMESTAMP_BYTES;
    this.#steps = steps;
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 * steps });
    this.#resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    this.#staging = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  }

  /** Whether a device can time so many steps. */
  static fits(device: GPUDevice, steps: number): boolean {
    return device.features.has('timestamp-query') && 2 * steps <= MOST_QUERIES;
  }

  /** Undefined where the device has no such clock. */
  static of(device: GPUDevice, steps: number): StepClock | undefined {
    return StepClock.fits(device, steps) ? new StepClock(device, steps) : undefined;
  }

  /** For the pass that is a step. */
  writesOf(step: number): GPUComputePassTimestampWrites {
    return { querySet: this.#queries, beginningOfPassWriteIndex: 2 * step, endOfPassWriteIndex: 2 * step + 1 };
  }

  /** After the last pass. */
  encodeResult(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#queries, 0, 2 * this.#steps, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, this.#staging.size);
  }

  /** After the submit: the milliseconds of each step. */
  async read(stepMs: Float64Array): Promise<void> {
    await this.#staging.mapAsync(1);
    const ns = new BigUint64Array(this.#staging.getMappedRange());
    // A device may set its clock back between two passes.
    for (let step = 0; step < this.#steps; step++) {
      stepMs[step] = Math.max(0, Number(ns[2 * step + 1]! - ns[2 * step]!) / 1e6);
    }
    this.#staging.unmap();
  }

  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
