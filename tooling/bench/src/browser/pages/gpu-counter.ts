import type { GpuCounts } from '../page-protocol.ts';

/** Counts calls of WebGPU from now on, whoever makes them. */
export class GpuCounter {
  #dispatches = 0;
  #submits = 0;
  #pipelines = 0;
  #made = 0;
  readonly #living = new Map<GPUBuffer, number>();

  constructor() {
    const before = <Method extends string>(
      prototype: Record<Method, (...args: never[]) => unknown>,
      name: Method,
      count: () => void,
    ): void => {
      const original = prototype[name] as (...args: unknown[]) => unknown;
      prototype[name] = function (this: unknown, ...args: unknown[]) {
        count();
        return original.apply(this, args);
      } as never;
    };
    const dispatch = (): void => void this.#dispatches++;
    before(GPUComputePassEncoder.prototype as never, 'dispatchWorkgroups', dispatch);
    before(GPUComputePassEncoder.prototype as never, 'dispatchWorkgroupsIndirect', dispatch);
    before(GPUQueue.prototype as never, 'submit', () => void this.#submits++);
    before(GPUDevice.prototype as never, 'createComputePipeline', () => void this.#pipelines++);
    before(GPUDevice.prototype as never, 'createComputePipelineAsync', () => void this.#pipelines++);
    this.#countBuffers();
  }

  #countBuffers(): void {
    const living = this.#living;
    const count = (): void => void this.#made++;
    const { createBuffer } = GPUDevice.prototype;
    GPUDevice.prototype.createBuffer = function (descriptor) {
      const buffer = createBuffer.call(this, descriptor);
      living.set(buffer, descriptor.size);
      count();
      return buffer;
    };
    const { destroy } = GPUBuffer.prototype;
    GPUBuffer.prototype.destroy = function () {
      living.delete(this);
      return destroy.call(this);
    };
  }

  /** What a piece of work adds, and what there is after it. */
  async during(work: () => Promise<unknown>): Promise<GpuCounts> {
    const [dispatches, submits, made] = [this.#dispatches, this.#submits, this.#made];
    await work();
    const bytes = [...this.#living.values()].reduce((sum, size) => sum + size, 0);
    return {
      dispatches: this.#dispatches - dispatches,
      submits: this.#submits - submits,
      newBuffers: this.#made - made,
      pipelines: this.#pipelines,
      buffers: this.#living.size,
      gpuMB: Math.round(bytes / 1e4) / 100,
    };
  }
}
