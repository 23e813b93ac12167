import { availableParallelism } from 'node:os';
import { listModels } from '@residual/resnet/registry';
import type { WebgpuDriver } from '@residual/testing/dawn';
import { BenchError } from './bench-error.ts';
import type { Candidate, Precision } from './job.ts';
import { defaultPython } from './python-environment.ts';
import { runnerKinds } from './runners/runners.ts';

/** The command's options as text, as a command line has them. */
export interface BenchFlags {
  /** Default: `resnet50`. */
  readonly model?: string;
  readonly engines?: string;
  readonly peers?: string;
  /** Default: 1. */
  readonly batch?: string;
  readonly precision: string;
  /** Default: 224. */
  readonly size?: string;
  readonly rounds?: string;
  readonly threads?: string;
  readonly weights?: string;
  readonly isa?: string;
  readonly driver?: string;
  readonly python?: string;
  readonly packed?: string;
  readonly plot?: string;
  readonly busy?: boolean;
  readonly json?: boolean;
  readonly browser?: boolean;
  readonly profile?: boolean;
  readonly training?: boolean;
}

/** What is to be measured. */
export interface BenchOptions {
  readonly models: readonly string[];
  readonly engines: readonly string[];
  readonly peers: readonly string[];
  readonly batches: readonly number[];
  readonly precisions: readonly Precision[];
  readonly sizePx: number;
  readonly rounds: number;
  readonly threads: number;
  readonly weightsFile: string | undefined;
  readonly isa: string | undefined;
  /** Vulkan's, for engines on WebGPU; else the machine's. */
  readonly driver: WebgpuDriver | undefined;
  readonly python: string;
  /** Where the engine native keeps packed weights; without it they are packed anew. */
  readonly packedFolder: string | undefined;
  /** Whether another process keeps one core busy meanwhile. */
  readonly isBusy: boolean;
}

/** @throws BenchError for what is not understood. */
export function parseOptions(flags: BenchFlags): BenchOptions {
  const kinds = [...runnerKinds().keys()];
  return {
    models: chosen('--model', flags.model ?? 'resnet50', listModels()),
    engines: chosen('--engines', flags.engines ?? 'native,tensorflow,wasm', kinds),
    peers: chosen(
      '--peers',
      flags.peers ?? (flags.engines === undefined ? 'onnxruntime-node,tfjs-node,tfjs-wasm' : ''),
      kinds,
    ),
    batches: list(flags.batch ?? '1').map((text) => wholeNumber('--batch', text)),
    precisions: chosen('--precision', flags.precision, ['fp32', 'fp16', 'bf16', 'int8'] as const),
    sizePx: wholeNumber('--size', flags.size ?? '224'),
    rounds: wholeNumber('--rounds', flags.rounds ?? '15'),
    threads: threadsOf(flags),
    weightsFile: flags.weights,
    isa: flags.isa,
    driver: driverOf(flags.driver),
    python: flags.python ?? defaultPython(),
    packedFolder: flags.packed,
    isBusy: flags.busy ?? false,
  };
}

/** Everybody that competes in one model and batch, in the order of the options; who has not the others computes in fp32. */
export function candidates({ engines, peers, precisions }: BenchOptions, batch: number): Candidate[] {
  const kinds = runnerKinds();
  return [...new Set([...engines, ...peers])].flatMap((engine) => {
    const { precisions: others = [], variants = [undefined] } = kinds.get(engine)!;
    return precisions
      .filter((precision) => others.includes(precision) || precision === 'fp32')
      .flatMap((precision) =>
        variants.map((variant) => ({ engine, precision, batch, ...(variant !== undefined && { variant }) })),
      );
  });
}

/** The cores, unless the flags say otherwise. */
export function threadsOf({ threads }: Pick<BenchFlags, 'threads'>): number {
  return threads === undefined ? availableParallelism() : wholeNumber('--threads', threads);
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

export function chosen<Name extends string>(option: string, text: string, known: readonly Name[]): Name[] {
  return list(text).map((part) => {
    const name = known.find((one) => one === part);
    if (name === undefined) throw new BenchError(`${option}: expected some of ${known.join(', ')}, got '${part}'`);
    return name;
  });
}

function driverOf(text = ''): 'lavapipe' | 'swiftshader' | undefined {
  const [driver, ...others] = chosen('--driver', text, ['lavapipe', 'swiftshader'] as const);
  if (others.length > 0) throw new BenchError(`--driver: expected one, got '${text}'`);
  return driver;
}

export function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 100_000) return number;
  throw new BenchError(`${option}: expected a whole number from 1, got '${text}'`);
}
