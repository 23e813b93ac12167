/** Memory that a shader reads or writes: one of the plan's buffers, or one of its blocks of weights. */
export type Binding = BufferBinding | { readonly weights: number };

/** A buffer, or a part of it, in bytes. */
export interface BufferBinding {
  readonly buffer: number;
  readonly part?: { readonly offset: number; readonly size: number };
}

/** One dispatch. */
export interface PlanStep {
  /** Where in the model it comes from, e.g. `layer1.0.conv1`. */
  readonly label: string;
  /** Index into {@link Plan.shaders}. */
  readonly shader: number;
  readonly workgroups: readonly [number, number, number];
  /** By binding, from 0. */
  readonly bindings: readonly Binding[];
  /** Numbers of 32 bits that the shader reads from the binding after those. */
  readonly uniforms?: readonly number[];
}

/** An input or output, row-major; in its buffer each row of the last axis takes `pitch` numbers. */
export interface PlanTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly buffer: number;
  /** Where in the buffer it begins, in bytes; default 0. */
  readonly offset?: number;
  readonly pitch: number;
}

/** What stays on the device from a run to the next: where a run finds it, and where it leaves it, if it changes it elsewhere. */
export interface PlanState {
  readonly before: PlanTensor;
  readonly after?: PlanTensor;
}

/** A graph made ready for WebGPU: plain data, so that it can be stored and run where there is no compiler. */
export interface Plan {
  readonly inputs: readonly PlanTensor[];
  readonly outputs: readonly PlanTensor[];
  /** Zeros until they are written. */
  readonly state?: readonly PlanState[];
  /** Sizes in bytes. */
  readonly buffers: readonly number[];
  /** Sizes in bytes of the blocks of weights. */
  readonly weights: readonly number[];
  /** WGSL, each with an entry `main`. */
  readonly shaders: readonly string[];
  readonly steps: readonly PlanStep[];
}

/** Makes a block of weights as it lies on the device, so that no two need be in host memory at a time. */
export type PackWeights = (block: number) => ArrayBufferView | Promise<ArrayBufferView>;
