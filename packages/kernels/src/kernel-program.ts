/** How to compile a graph for the kernels. */
export interface KernelOptions {
  /** Threads that a run is divided among. Default: the physical cores; in pages all cores, or 1 where memory cannot be shared. */
  readonly threads?: number;
  /** Refuse runs whose inputs hold NaN or infinity. Default false: they pass through to the outputs. */
  readonly rejectsNonFinite?: boolean;
}

/** What was compiled, for people and for benchmarks. */
export interface KernelInfo {
  /** The instruction set, e.g. `avx512` or `relaxed-simd`. */
  readonly isa: string;
  readonly threads: number;
  /** Packed weights that the program reads. */
  readonly weightBytes: number;
  /** Those of them that it shares with programs compiled before. */
  readonly sharedWeightBytes: number;
  /** Those of them that a file of the cache holds, rather than memory of its own. */
  readonly cachedWeightBytes: number;
  /** Weights of its own, activations and scratch memory: all that runs ever use. */
  readonly peakBytes: number;
}

export interface KernelRunOptions {
  /** Ends the run early, also in mid-run; `run` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** As long as the program's `steps`: is given the milliseconds that each has taken. */
  readonly stepMs?: Float64Array | undefined;
}

/** A step of a run, and what it takes. */
export interface KernelStep {
  /** What it computes, by the graph's number of the value; in training, the first value of the node that it is part of. */
  readonly value: number;
  /** How it computes, e.g. `direct` or `winograd f4`. */
  readonly algorithm: string;
  /** Those that the kernels do: fewer than the convolution's by Winograd, more where padding's zeros are multiplied. */
  readonly multiplyAdds: number;
  /** Packed weights that it reads. */
  readonly weightBytes: number;
  /** Values that it reads and writes. Of an operation of several steps the first has all bytes. */
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** A compiled graph with packed weights. */
export interface KernelProgram {
  readonly info: KernelInfo;
  /** Empty once the program is disposed. */
  readonly steps: readonly KernelStep[];
  /**
   * Runs once; runs that overlap are queued.
   *
   * @param inputs `Float32Array`s by input name, row-major, NHWC; leave them unchanged until the run has ended.
   * @returns Arrays by output name, the caller's.
   * @throws KernelError (`BAD_INPUT`, `DISPOSED`)
   */
  run(
    inputs: Readonly<Record<string, Float32Array>>,
    options?: KernelRunOptions,
  ): Promise<Record<string, Float32Array<ArrayBuffer>>>;
  /** Ends runs under way and frees all memory. Again it does nothing. */
  dispose(): void;
}
