import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { KernelInfo, KernelStep } from './kernel-program.ts';
import { platformName } from './platform-name.ts';

/** What the addon exports; made by napi-rs. */
export interface Addon {
  instructionSets(): string[];
  newIdentity(): number;
  /** Throws where an instruction set has not a precision. */
  checkPrecision(precision: string, isa?: string): void;
  compileGraph(
    json: string,
    constantIds: number[],
    constants: Float32Array[],
    identities: number[],
    options: AddonOptions,
    samples: Float32Array[],
    ranges: number[],
  ): Promise<NativeExecutable>;
  measureLimits(options: AddonOptions): Promise<CpuLimits>;
}

export interface AddonOptions {
  threads?: number;
  isa?: string;
  rejectNonFinite?: boolean;
  precision?: string;
  percentile?: number;
  cache?: { folder: string; addonFile: string };
  tune?: { budgetMs: number; folder?: string; addonFile: string };
}

/** What this CPU can do at most, as measured. */
export interface CpuLimits {
  readonly isa: string;
  readonly threads: number;
  /** Of numbers in registers, all threads together. */
  readonly multiplyAddsPerSecond: number;
  /** Read and written together, over more memory than the caches hold. */
  readonly bytesPerSecond: number;
}

export interface NativeExecutable {
  readonly info: KernelInfo;
  readonly ranges: number[];
  readonly steps: KernelStep[];
  /** The outputs, and after them the milliseconds of each step where the run is timed. */
  run(id: number, inputs: Float32Array[], isTimed: boolean): Promise<Float32Array<ArrayBuffer>[]>;
  store(limitBytes: number): Promise<void>;
  cancel(id: number): void;
  dispose(): void;
}

export type AddonResult =
  | { readonly addon: Addon; readonly file: string; readonly reason?: never }
  | { readonly addon?: never; readonly file?: never; readonly reason: string };

/** The addon of this platform's package, else the one built in place, else the reason why there is none, in a line. */
export function loadAddon(): AddonResult {
  const require = createRequire(import.meta.url);
  const name = platformName();
  const reasons: string[] = [];
  const local = fileURLToPath(new URL(`../dist/residual-kernels.${name}.node`, import.meta.url));
  for (const id of [`@residual/kernels-${name}`, local]) {
    try {
      return { addon: require(id) as Addon, file: require.resolve(id) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND') reasons.push(message.split('\n', 1)[0]!);
    }
  }
  return {
    reason:
      reasons[0] ??
      `no addon for ${name}: install @residual/kernels-${name}, which npm leaves out with --omit=optional; in a clone, Rust builds it`,
  };
}
