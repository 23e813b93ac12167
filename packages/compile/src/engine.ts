import type { Weights } from './bind.ts';
import type { ConstantData, Graph, GraphDtype } from './graph.ts';
import type { Availability } from './tfjs-backend.ts';

/** How numbers are stored: in float32, float16, bfloat16, or in 8 bits, with ranges of the network's values. */
export type Precision = 'fp32' | 'fp16' | 'bf16' | 'int8';

/** Inputs by name, each of the graph's shape, or of one picture where the graph takes several. */
export type CalibrationSamples = readonly Readonly<Record<string, Float32Array>>[];

export interface CompileOptions {
  /**
   * Default: what the engine was made with, else `fp32`. An engine that has not what is asked for refuses it (`UNAVAILABLE`):
   * none takes another instead.
   */
  readonly precision?: Precision;
  /**
   * For `int8`: inputs like those that it will run on. Asked for once they are needed; the same function, given again with the
   * same weights, is asked again only where a graph has layers that those before had not.
   */
  readonly calibration?: () => Promise<CalibrationSamples>;
  /**
   * For `int8`: how many of a value's numbers, in percent, its range holds at least; larger ones are cut off, and the others
   * have finer steps. Default 100: all.
   */
  readonly percentile?: number;
  /** Refuse runs whose inputs hold NaN, at the cost of looking at each number. Default false. */
  readonly rejectNaN?: boolean;
  /**
   * Names of inputs that a run replaces by its outputs of these names, or leaves, e.g. a training's parameters: an engine that
   * can keeps them where it computes, and the executable has a `state`; others take and give them as they do all.
   */
  readonly carried?: readonly string[];
  /** Called as parts get ready, by engines whose compilation takes long; `done` of `total` counts them. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface RunOptions {
  /** Ends the run early, also while it waits for its turn; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface ProfileOptions extends RunOptions {
  /** Timed runs, after one that is not; times are their medians, or their means where a clock is too coarse. Default 10. */
  readonly runs?: number;
}

/** Where the time of runs goes, step by step. */
export interface Profile {
  readonly engine: string;
  readonly device: string;
  /** How many runs were timed. */
  readonly runs: number;
  /** Time of a run, in milliseconds, with what lies outside of steps. */
  readonly runMs: number;
  /** In the order of computation. */
  readonly steps: readonly ProfileStep[];
  /** How steps were timed, where that was another way than the engine's best; one line. */
  readonly note?: string;
  /** Of the last run, by name. */
  readonly outputs: Readonly<Record<string, ConstantData>>;
}

/** What an engine does at one go: a node with what is fused into it, or a part of one. */
export interface ProfileStep {
  /** The network's own, e.g. `layer1.0.conv1`, where it is known; else the operation, or the input or output moved. */
  readonly name: string;
  /** The graph's operation, e.g. `FusedConv2D`; `Input` and `Output` for those that are moved. */
  readonly kind: string;
  /** How the engine computes it, in its own words, e.g. `direct`, `winograd f4`, `matrix`, `pool`. */
  readonly algorithm: string;
  /** Of the result; images are NHWC. */
  readonly shape: readonly number[];
  /** Of a convolution: `[h, w, in / groups, out]`. */
  readonly filterShape?: readonly number[];
  /** In milliseconds. */
  readonly timeMs: number;
  /** Of the convolution or matrix product as it is defined, whatever the algorithm does instead; 0 for other steps. */
  readonly multiplyAdds: number;
  /** Those that the algorithm does: fewer by Winograd, more where it multiplies padding's zeros. */
  readonly computedMultiplyAdds: number;
  /** Weights that it reads, as the engine keeps them: Winograd's are larger than the filter, narrow ones smaller. */
  readonly weightBytes: number;
  /** Values that it reads and writes, each once. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** An input or output of an executable; images are NHWC. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: GraphDtype;
}

/** What was compiled, for people and for benchmarks. */
export interface ExecutableInfo {
  readonly engine: string;
  /** What it runs on, e.g. `wasm` or `AVX-512, 2 threads`. */
  readonly device: string;
  /** Operations per run, after optimisation. */
  readonly nodeCount: number;
  /** Bytes of weights that the executable holds. */
  readonly weightBytes: number;
  /** What a run takes of a GPU, where it runs on one; `bytes` is all memory there, weights included. */
  readonly gpu?: {
    readonly dispatches: number;
    readonly submits: number;
    readonly pipelines: number;
    readonly bytes: number;
  };
}

/** What an executable keeps from a run to the next. Not while a run is under way. */
export interface ExecutableState {
  /** As the last run left it, or as it was written; by name, row-major, the caller's. */
  read(): Promise<Record<string, Float32Array>>;
  /** Those that are given, by name, row-major. */
  write(values: Readonly<Record<string, Float32Array>>): void;
}

/** A compiled graph. It holds weights of its own: the model it was traced from may be disposed or trained on. */
export interface Executable {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  readonly info: ExecutableInfo;
  /**
   * Runs once. Runs that overlap are queued or run side by side, each with its own result.
   *
   * @param inputs Row-major arrays by name: `Float32Array` for float32, `Int32Array` for int32, `Uint8Array` for bool.
   * @returns Arrays by output name, the caller's.
   * @throws EngineError for missing, unknown or ill-shaped inputs, or ones whose numbers the precision does not hold (`BAD_INPUT`),
   * and after `dispose` (`DISPOSED`).
   */
  run(inputs: Readonly<Record<string, ConstantData>>, options?: RunOptions): Promise<Record<string, ConstantData>>;
  /** What was to be carried, where the engine does so: no input and no output of a run. Zeros until it is written. */
  readonly state?: ExecutableState;
  /**
   * Runs several times, with a time for each step; missing where the engine does not see its steps. Runs beside it would
   * spoil the times.
   *
   * @throws EngineError as `run`
   */
  profile?(inputs: Readonly<Record<string, ConstantData>>, options?: ProfileOptions): Promise<Profile>;
  /** Frees the executable's own memory, after the runs under way; never the device. Again it does nothing. */
  dispose(): Promise<void>;
}

/** Who computes a graph: a value, made by `tfjs()`, `native()`, `webgpu()`, … with the engine's own options. */
export interface Engine {
  readonly name: string;
  isAvailable(): Promise<Availability>;
  /**
   * Optimises the graph, binds its weights and prepares it to run.
   *
   * @throws EngineError for an operation the engine has not (`UNSUPPORTED_NODE`) or where it cannot run (`UNAVAILABLE`).
   * @throws BindError for weights that do not fit.
   */
  compile(graph: Graph, weights: Weights, options?: CompileOptions): Promise<Executable>;
}
