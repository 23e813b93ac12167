import { joinSamples } from './join-samples.ts';
import { KernelError, type KernelErrorCode } from './kernel-error.ts';
import { type KernelGraph, serializeGraph } from './kernel-graph.ts';
import type { KernelOptions, KernelProgram, KernelRunOptions } from './kernel-program.ts';
import { type Addon, type AddonOptions, type CpuLimits, loadAddon, type NativeExecutable } from './load-addon.ts';
import { type NamedOutputs, outputNamer } from './name-outputs.ts';
import { orderInputs } from './order-inputs.ts';
import { keepPacked, type PackedWeightsCache } from './packed-weights-cache.ts';

export interface NativeKernelOptions extends KernelOptions {
  /**
   * `amx`, `avx512`, `avx2`, `neon` or `portable`. Default: `RESIDUAL_KERNELS_ISA`, else the fastest that the CPU has. `amx`
   * multiplies float32 to 16 bits of each factor and adds in float32; the others multiply all 24.
   */
  readonly isa?: string;
  /**
   * `bf16` stores weights and values in half the bits and multiplies them twice as fast; `int8` in a quarter, with a
   * scale per output channel and value ranges taken from `calibration`. `fp16` is for ARM: half the bits, and three digits
   * instead of `bf16`'s two; a run in which a value passes 65504 fails (`BAD_INPUT`). In a training step `bf16` stores pictures and their
   * gradients so, on any CPU with AVX2, AVX-512 or NEON; weights and sums stay float32. Default `fp32`.
   */
  readonly precision?: KernelPrecision;
  /**
   * For `int8`: inputs like those that it will run on, some tens of pictures in all, each of the graph's shapes, or one picture
   * where the graph takes several. Run once: the same list or function, given again for another program of the same constants,
   * is asked again only where that has layers which those before had not.
   */
  readonly calibration?: CalibrationSource;
  /**
   * For `int8`: how many of a value's numbers, in percent, its range holds at least; larger ones are cut off, and the others
   * have finer steps. Default 100: all.
   */
  readonly percentile?: number;
  /** Keeps packed weights between processes. Default: they are packed anew. */
  readonly cache?: PackedWeightsCache;
  /**
   * Chooses the algorithm of each convolution by measurement: while it is compiled, the network runs with each of some
   * candidates on its own threads, and for each shape the fastest is taken; where that gains nothing, the model's choice
   * stays. Algorithms differ in the last bits of their results. For `fp32`, without `amx`. Default false.
   */
  readonly tune?: boolean | TuneOptions;
}

/** How algorithms are chosen by measurement. */
export interface TuneOptions {
  /** Milliseconds that candidates may run; that they are packed comes on top. Default 2000. */
  readonly budgetMs?: number;
  /** Keeps what was measured, by CPU, instruction set, threads, shapes and version. Default: it is measured anew. */
  readonly folder?: string;
}

export type CalibrationSamples = readonly Readonly<Record<string, Float32Array>>[];

/** Samples, or where they come from when they are wanted. */
export type CalibrationSource = CalibrationSamples | (() => Promise<CalibrationSamples>);

export type KernelPrecision = 'fp32' | 'fp16' | 'bf16' | 'int8';

/** Arrays that have been compiled, by the numbers under which the addon knows what it has packed of them. */
const identities: WeakMap<Float32Array, number> = /* @__PURE__ */ new WeakMap();

/** What convolutions were seen to give on samples: by percentile and filter, the least and the largest number. */
const knownRanges: WeakMap<CalibrationSource, Map<number, Ranges>> = /* @__PURE__ */ new WeakMap();

type Ranges = Map<number, readonly [number, number]>;

/**
 * Compiles a fused graph for this machine's CPU; packing the weights and runs happen off the main thread. Programs of
 * the same constants (the same arrays, which must not change) share packed filters, as far as they pack them alike; with a
 * `cache`, so do programs of equal constants in other processes.
 *
 * @throws KernelError for an operation that the kernels lack or shapes that do not fit (`BAD_GRAPH`), and where there is
 * no addon for this platform, too little memory, or the CPU has not the precision (`UNAVAILABLE`).
 */
export async function compileProgram(graph: KernelGraph, options: NativeKernelOptions = {}): Promise<KernelProgram> {
  const { addon, file, reason } = loadAddon();
  if (addon === undefined) throw new KernelError('UNAVAILABLE', `native kernels: ${reason}`);
  const { cache } = options;
  const { json, inputNames, constantIds, constants } = serializeGraph(graph);
  const checked = nativeOptions(addon, options);
  const tuning = tuneOptions(options);
  const filters = constants.map(identifier(addon));
  const { calibration = [], percentile = 100 } = options;
  const isCalibrated = options.precision === 'int8';
  const ranges: Ranges = isCalibrated ? rangesOf(calibration, percentile) : new Map();
  const compileWith = (samples: Float32Array[]): Promise<NativeExecutable> =>
    addon.compileGraph(
      json,
      constantIds,
      constants,
      filters,
      {
        ...checked,
        ...(cache && { cache: { folder: cache.folder, addonFile: file } }),
        ...(tuning && { tune: { ...tuning, addonFile: file } }),
      },
      samples,
      [...ranges].flat(2),
    );
  const isKnown = filters.some((filter) => ranges.has(filter));
  const samples = isCalibrated && !isKnown ? await samplesOf(graph, inputNames, calibration) : [];
  const native = await compileWith(samples)
    // A program of other outputs may have found only some of the ranges that this one needs.
    .catch(async (error: unknown) => {
      if (!isCalibrated || !isKnown) throw error;
      return compileWith(await samplesOf(graph, inputNames, calibration));
    })
    .catch(asKernelError('BAD_GRAPH'));
  const found = native.ranges;
  for (let at = 0; at < found.length; at += 3) ranges.set(found[at]!, [found[at + 1]!, found[at + 2]!]);
  if (cache !== undefined) keepPacked(native, cache);
  return new NativeProgram(native, inputNames, outputNamer(graph));
}

/**
 * Measures what programs compiled with these options could do at most: multiply-adds by the instruction set's widest
 * arithmetic, with its numbers in registers, and memory read and written in a stream. Takes about a second.
 *
 * @throws KernelError (`UNAVAILABLE`, `BAD_OPTION`)
 */
export async function measureLimits(
  options: Pick<NativeKernelOptions, 'threads' | 'isa' | 'precision'> = {},
): Promise<CpuLimits> {
  const { addon, reason } = loadAddon();
  if (addon === undefined) throw new KernelError('UNAVAILABLE', `native kernels: ${reason}`);
  return await addon.measureLimits(nativeOptions(addon, options)).catch(asKernelError('BAD_OPTION'));
}

function identifier(addon: Addon): (data: Float32Array) => number {
  return (data) => {
    const identity = identities.get(data) ?? addon.newIdentity();
    identities.set(data, identity);
    return identity;
  };
}

function rangesOf(source: CalibrationSource, percentile: number): Ranges {
  const byPercentile = knownRanges.get(source) ?? new Map<number, Ranges>();
  const ranges: Ranges = byPercentile.get(percentile) ?? new Map();
  knownRanges.set(source, byPercentile.set(percentile, ranges));
  return ranges;
}

/** The arrays of all samples, in the order of the names. */
async function samplesOf(
  graph: KernelGraph,
  names: readonly string[],
  source: CalibrationSource,
): Promise<Float32Array[]> {
  const samples = typeof source === 'function' ? await source() : source;
  return joinSamples(graph, samples).flatMap((sample) => orderInputs(names, sample));
}

function nativeOptions(addon: Addon, options: NativeKernelOptions): AddonOptions {
  const { threads, rejectsNonFinite = false, precision = 'fp32', percentile = 100 } = options;
  const isa = options.isa ?? process.env['RESIDUAL_KERNELS_ISA'];
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new KernelError('BAD_OPTION', `threads: expected a whole number from 1 to 1024, got ${threads}`);
  }
  if (!(percentile > 0 && percentile <= 100)) {
    throw new KernelError('BAD_OPTION', `percentile: expected a number above 0 and up to 100, got ${percentile}`);
  }
  const names = addon.instructionSets();
  if (isa !== undefined && !names.includes(isa)) {
    throw new KernelError('BAD_OPTION', `isa: expected one that this CPU has (${names.join(', ')}), got '${isa}'`);
  }
  // Samples are asked for only where they serve; whether a graph can be computed in fewer bits, compiling says.
  if (precision === 'int8') checkPrecision(addon, precision, isa);
  return {
    rejectNonFinite: rejectsNonFinite,
    precision,
    percentile,
    ...(threads === undefined ? {} : { threads }),
    ...(isa === undefined ? {} : { isa }),
  };
}

function tuneOptions({ tune = false }: NativeKernelOptions): { budgetMs: number; folder?: string } | undefined {
  if (tune === false) return undefined;
  const { budgetMs = 2000, folder } = tune === true ? {} : tune;
  if (!(Number.isFinite(budgetMs) && budgetMs >= 0)) {
    throw new KernelError('BAD_OPTION', `tune.budgetMs: expected milliseconds, got ${budgetMs}`);
  }
  return { budgetMs, ...(folder === undefined ? {} : { folder }) };
}

function checkPrecision(addon: Addon, precision: KernelPrecision, isa: string | undefined): void {
  try {
    addon.checkPrecision(precision, isa);
  } catch (error) {
    asKernelError('BAD_OPTION')(error as Error);
  }
}

/** Turns the addon's errors, which carry napi's status names, into the package's own. */
function asKernelError(fallback: KernelErrorCode): (error: Error & { code?: string }) => never {
  return (error) => {
    const isMissing = /^(memory:|precision (fp16|bf16|int8): expected a CPU)/.test(error.message);
    const code = error.code === 'Closing' ? 'DISPOSED' : isMissing ? 'UNAVAILABLE' : fallback;
    throw new KernelError(code, error.message, { cause: error });
  };
}

class NativeProgram implements KernelProgram {
  readonly info: KernelProgram['info'];
  readonly #native: NativeExecutable;
  readonly #inputNames: readonly string[];
  readonly #nameOutputs: ReturnType<typeof outputNamer>;
  #isDisposed = false;
  #runs = 0;

  constructor(native: NativeExecutable, inputNames: readonly string[], nameOutputs: ReturnType<typeof outputNamer>) {
    this.info = native.info;
    this.#native = native;
    this.#inputNames = inputNames;
    this.#nameOutputs = nameOutputs;
  }

  get steps(): KernelProgram['steps'] {
    return this.#isDisposed ? [] : this.#native.steps;
  }

  async run(
    inputs: Readonly<Record<string, Float32Array>>,
    { signal, stepMs }: KernelRunOptions = {},
  ): Promise<NamedOutputs> {
    if (this.#isDisposed)
      throw new KernelError('DISPOSED', 'expected a live program, got a disposed one; compile again');
    const ordered = orderInputs(this.#inputNames, inputs);
    signal?.throwIfAborted();
    this.#runs = (this.#runs + 1) % 2 ** 32;
    const id = this.#runs;
    const cancel = (): void => {
      if (!this.#isDisposed) this.#native.cancel(id);
    };
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      const outputs = await this.#native.run(id, ordered, stepMs !== undefined);
      signal?.throwIfAborted();
      stepMs?.set(outputs.pop()!);
      return this.#nameOutputs(outputs);
    } catch (error) {
      signal?.throwIfAborted();
      if (this.#isDisposed)
        throw new KernelError('DISPOSED', 'the program was disposed during the run', { cause: error });
      return asKernelError('BAD_INPUT')(error as Error);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  }

  dispose(): void {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    this.#native.dispose();
  }
}
