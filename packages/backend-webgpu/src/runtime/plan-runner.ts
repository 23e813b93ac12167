import type { PackWeights, Plan, PlanTensor } from '../plan/plan.ts';
import { compilePipeline, type PipelineCache } from './pipeline-cache.ts';
import { PlanError } from './plan-error.ts';
import { checkSizes, tooLarge } from './plan-sizes.ts';
import { bytesOf, sizeBytes, withoutPadding, withPadding } from './plan-tensor.ts';
import { StepClock } from './step-clock.ts';

/** A step towards a plan that is ready: pipelines compiled and weights uploaded, of all. */
export interface PlanProgress {
  readonly done: number;
  readonly total: number;
}

/** Work on the calling thread between two turns of its event loop while weights are packed. */
const SLICE_MS = 12;

// WebGPU's constants, by value: not every worker has the global objects.
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;
const UNIFORM = 0x40;
const STORAGE = 0x80;

/** From a step's uniforms to the next one's: the largest alignment that a device may ask for. */
const UNIFORM_BYTES = 256;

interface ReadyStep {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Where an input that makes itself on the device has to put its numbers. */
export interface InputTarget {
  readonly device: GPUDevice;
  /** Compiles a shader, once for the device. */
  readonly compile: (code: string) => Promise<GPUComputePipeline>;
  readonly shape: readonly number[];
  readonly buffer: GPUBuffer;
  /** Numbers that a pixel takes. */
  readonly pitch: number;
}

/** An input that commands before the plan's own make, e.g. a picture that is resized on the device. */
export interface GpuInput {
  /** @returns What is to be called once the commands are submitted, if anything. */
  encode(encoder: GPUCommandEncoder, target: InputTarget): Promise<(() => void) | undefined>;
}

export type PlanInputs = Readonly<Record<string, Float32Array | GpuInput>>;

export interface PlanRunnerOptions {
  readonly pipelines?: PipelineCache;
  readonly onProgress?: ((progress: PlanProgress) => void) | undefined;
}

/**
 * A plan on a device: all its memory and pipelines, made once. Runs that overlap are submitted one after the other, and each is
 * waited for by itself.
 */
export class PlanRunner {
  readonly device: GPUDevice;
  readonly plan: Plan;
  readonly #buffers: GPUBuffer[];
  /** Where results come to be read, of runs that are not under way. */
  readonly #staging: GPUBuffer[];
  /** The last submit that was asked for. */
  #submitting: Promise<unknown> = Promise.resolve();
  readonly #steps: readonly ReadyStep[];
  readonly #pipelines: PipelineCache;
  #loss: GPUDeviceLostInfo | undefined;

  private constructor(made: {
    device: GPUDevice;
    plan: Plan;
    buffers: GPUBuffer[];
    staging: GPUBuffer;
    steps: ReadyStep[];
    pipelines: PipelineCache;
  }) {
    const { device } = made;
    this.device = device;
    this.plan = made.plan;
    this.#buffers = made.buffers;
    this.#staging = [made.staging];
    this.#steps = made.steps;
    this.#pipelines = made.pipelines;
    device.lost.then((info) => {
      this.#loss = info;
    });
  }

  /**
   * Compiles the pipelines, in parallel, and uploads the weights meanwhile; the thread stays responsive.
   *
   * @throws PlanError (`TOO_LARGE`) for a buffer that the device does not allow or has no memory for.
   */
  static async create(
    device: GPUDevice,
    plan: Plan,
    pack: PackWeights,
    { pipelines: cache = new Map(), onProgress }: PlanRunnerOptions = {},
  ): Promise<PlanRunner> {
    checkSizes(device, plan);
    const total = plan.shaders.length + plan.weights.length;
    let done = 0;
    const step = (): void => onProgress?.({ done: ++done, total });
    const compiling = Promise.all(
      plan.shaders.map(async (code) => {
        const pipeline = await compilePipeline(device, code, cache);
        step();
        return pipeline;
      }),
    );
    compiling.catch(() => undefined);
    const owned: GPUBuffer[] = [];
    try {
      device.pushErrorScope('out-of-memory');
      const make = (size: number, usage: number): GPUBuffer => {
        const buffer = device.createBuffer({ size, usage });
        owned.push(buffer);
        return buffer;
      };
      const buffers = plan.buffers.map((size) => make(size, STORAGE | COPY_DST | COPY_SRC));
      const staging = make(Math.max(4, bytesOf(plan.outputs)), MAP_READ | COPY_DST);
      const weights = plan.weights.map((size) => make(size, STORAGE | COPY_DST));
      const shortage = await device.popErrorScope();
      if (shortage) throw tooLarge(plan, `no memory for them: ${shortage.message}`);

      let sliceEndMs = performance.now() + SLICE_MS;
      for (const [block, buffer] of weights.entries()) {
        device.queue.writeBuffer(buffer, 0, (await pack(block)) as ArrayBufferView<ArrayBuffer>);
        step();
        if (performance.now() < sliceEndMs) continue;
        await new Promise((resolve) => setTimeout(resolve));
        sliceEndMs = performance.now() + SLICE_MS;
      }
      const uniforms = uploadUniforms(plan, make, device.queue);
      const pipelines = await compiling;
      const steps = plan.steps.map(({ shader, workgroups, bindings, uniforms: own }, step) => {
        const pipeline = pipelines[shader]!;
        const resources: GPUBufferBinding[] = bindings.map((place) => ({
          buffer: 'buffer' in place ? buffers[place.buffer]! : weights[place.weights]!,
          ...('buffer' in place && place.part),
        }));
        if (own) resources.push({ buffer: uniforms!, offset: step * UNIFORM_BYTES, size: own.length * 4 });
        const entries = resources.map((resource, binding) => ({ binding, resource }));
        return {
          pipeline,
          group: device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }),
          workgroups,
        };
      });
      // The plan's buffers come first.
      return new PlanRunner({ device, plan, buffers: owned, staging, steps, pipelines: cache });
    } catch (error) {
      for (const buffer of owned) buffer.destroy();
      throw error;
    }
  }

  /** Why the device is gone, if it is. */
  get loss(): GPUDeviceLostInfo | undefined {
    return this.#loss;
  }

  get gpuBytes(): number {
    return this.#buffers.reduce((sum, { size }) => sum + size, 0);
  }

  /** Whether the device's own clock times steps; else each is submitted and waited for by itself. */
  get hasStepClock(): boolean {
    return StepClock.fits(this.device, this.#steps.length);
  }

  /**
   * Runs once: one command buffer, one submit.
   *
   * @param inputs By name: row-major float32 of the plan's shapes, or what makes them on the device.
   * @param stepMs Given the milliseconds of each of the plan's steps, which then are a pass each.
   * @throws PlanError (`DEVICE_LOST`).
   */
  async run(inputs: PlanInputs, stepMs?: Float64Array): Promise<Record<string, Float32Array>> {
    const clock = stepMs === undefined ? undefined : StepClock.of(this.device, this.#steps.length);
    const staging = this.#staging.pop() ?? this.#anotherStaging();
    try {
      // Between what a run writes and its submit no other may write.
      const submitted = this.#submitting.then(() => this.#submit(inputs, stepMs, clock, staging));
      this.#submitting = submitted.catch(() => undefined);
      await submitted;
      const results = await this.#read(this.plan.outputs, staging);
      if (stepMs !== undefined) await clock?.read(stepMs);
      return results;
    } finally {
      this.#staging.push(staging);
      clock?.destroy();
    }
  }

  async #submit(
    inputs: PlanInputs,
    stepMs: Float64Array | undefined,
    clock: StepClock | undefined,
    staging: GPUBuffer,
  ): Promise<void> {
    const { device, plan } = this;
    let encoder = device.createCommandEncoder();
    const whenSubmitted: (() => void)[] = [];
    for (const input of plan.inputs) {
      const given = inputs[input.name]!;
      if (given instanceof Float32Array) this.#write(input, given);
      else whenSubmitted.push((await given.encode(encoder, this.#targetOf(input))) ?? (() => undefined));
    }
    if (stepMs === undefined) {
      const pass = encoder.beginComputePass();
      this.encode(pass);
      pass.end();
    } else if (clock !== undefined) {
      for (const [index, step] of this.#steps.entries()) {
        const pass = encoder.beginComputePass({ timestampWrites: clock.writesOf(index) });
        dispatch(pass, step);
        pass.end();
      }
      clock.encodeResult(encoder);
    } else {
      encoder = await this.#runOneByOne(encoder, stepMs);
    }
    for (const { before, after } of plan.state ?? []) if (after) this.#carry(encoder, after, before);
    this.#copyOut(encoder, plan.outputs, staging);
    device.queue.submit([encoder.finish()]);
    for (const tell of whenSubmitted) tell();
  }

  /**
   * Writes what stays on the device, of the values that are given.
   *
   * @throws PlanError (`BAD_INPUT`) for a name or a length that the plan does not have; then nothing is written.
   */
  writeState(values: Readonly<Record<string, Float32Array>>): void {
    const places = new Map((this.plan.state ?? []).map(({ before }) => [before.name, before]));
    for (const [name, { length }] of Object.entries(values)) {
      const place = places.get(name);
      const size = place?.shape.reduce((product, edge) => product * edge, 1);
      if (size === length) continue;
      const expected = place ? `${size} numbers` : `one of ${[...places.keys()].slice(0, 3).join(', ')}, …`;
      throw new PlanError(
        'BAD_INPUT',
        `webgpu: state ${name}: expected ${expected}, got ${place ? length : 'no such name'}`,
      );
    }
    for (const [name, data] of Object.entries(values)) this.#write(places.get(name)!, data);
  }

  /**
   * Reads what stays on the device, as the last run left it.
   *
   * @throws PlanError (`DEVICE_LOST`).
   */
  async readState(): Promise<Record<string, Float32Array>> {
    const { device } = this;
    const tensors = (this.plan.state ?? []).map(({ before }) => before);
    const staging = device.createBuffer({ size: Math.max(4, bytesOf(tensors)), usage: MAP_READ | COPY_DST });
    try {
      const encoder = device.createCommandEncoder();
      this.#copyOut(encoder, tensors, staging);
      device.queue.submit([encoder.finish()]);
      return await this.#read(tensors, staging);
    } finally {
      staging.destroy();
    }
  }

  #copyOut(encoder: GPUCommandEncoder, tensors: readonly PlanTensor[], staging: GPUBuffer): void {
    let at = 0;
    for (const tensor of tensors) {
      const size = sizeBytes(tensor);
      encoder.copyBufferToBuffer(this.#buffers[tensor.buffer]!, tensor.offset ?? 0, staging, at, size);
      at += size;
    }
  }

  /** What was copied out. */
  async #read(tensors: readonly PlanTensor[], staging: GPUBuffer): Promise<Record<string, Float32Array>> {
    try {
      await staging.mapAsync(1);
    } catch (error) {
      throw await this.#failure(error);
    }
    const memory = staging.getMappedRange();
    let at = 0;
    const results = Object.fromEntries(
      tensors.map((tensor) => {
        const rows = new Float32Array(memory, at, sizeBytes(tensor) / 4);
        at += rows.byteLength;
        return [tensor.name, withoutPadding(tensor, rows)];
      }),
    );
    staging.unmap();
    return results;
  }

  /** For a run beside another. */
  #anotherStaging(): GPUBuffer {
    const size = Math.max(4, bytesOf(this.plan.outputs));
    const made = this.device.createBuffer({ size, usage: MAP_READ | COPY_DST });
    this.#buffers.push(made);
    return made;
  }

  #carry(encoder: GPUCommandEncoder, after: PlanTensor, before: PlanTensor): void {
    if (after.buffer === before.buffer && after.offset === before.offset) return;
    const [source, destination] = [this.#buffers[after.buffer]!, this.#buffers[before.buffer]!];
    encoder.copyBufferToBuffer(source, after.offset ?? 0, destination, before.offset ?? 0, sizeBytes(before));
  }

  /** What was encoded, then each step by itself, on the host's clock; the encoder for what follows. */
  async #runOneByOne(encoder: GPUCommandEncoder, stepMs: Float64Array): Promise<GPUCommandEncoder> {
    const { device } = this;
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    for (const [index, step] of this.#steps.entries()) {
      const commands = device.createCommandEncoder();
      const pass = commands.beginComputePass();
      dispatch(pass, step);
      pass.end();
      const beginMs = performance.now();
      device.queue.submit([commands.finish()]);
      await device.queue.onSubmittedWorkDone();
      stepMs[index] = performance.now() - beginMs;
    }
    return device.createCommandEncoder();
  }

  /** All its dispatches, on what its buffers hold. */
  encode(pass: GPUComputePassEncoder): void {
    for (const step of this.#steps) dispatch(pass, step);
  }

  /** Frees its buffers; the device stays. */
  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
  }

  #targetOf({ shape, buffer, pitch }: PlanTensor): InputTarget {
    const { device } = this;
    const compile = (code: string) => compilePipeline(device, code, this.#pipelines);
    return { device, compile, shape, buffer: this.#buffers[buffer]!, pitch };
  }

  #write(tensor: PlanTensor, data: Float32Array): void {
    const padded = withPadding(tensor, data) as Float32Array<ArrayBuffer>;
    this.device.queue.writeBuffer(this.#buffers[tensor.buffer]!, tensor.offset ?? 0, padded);
  }

  async #failure(cause: unknown): Promise<PlanError> {
    // A loss is told of a moment after what it broke.
    await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 50))]);
    const reason = this.#loss?.message || this.#loss?.reason || String(cause);
    return new PlanError('DEVICE_LOST', `webgpu: expected a device that lives, got one lost (${reason}); run again`, {
      cause,
    });
  }
}

/** All uniforms of a plan in one buffer, a step's at its place; undefined where there are none. */
function uploadUniforms(
  { steps }: Plan,
  make: (sizeBytes: number, usage: number) => GPUBuffer,
  queue: GPUQueue,
): GPUBuffer | undefined {
  if (steps.every(({ uniforms }) => uniforms === undefined)) return undefined;
  const numbers = new Uint32Array((steps.length * UNIFORM_BYTES) / 4);
  for (const [step, { uniforms = [] }] of steps.entries()) numbers.set(uniforms, (step * UNIFORM_BYTES) / 4);
  const buffer = make(numbers.byteLength, UNIFORM | COPY_DST);
  queue.writeBuffer(buffer, 0, numbers);
  return buffer;
}

function dispatch(pass: GPUComputePassEncoder, { pipeline, group, workgroups }: ReadyStep): void {
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(...workgroups);
}
