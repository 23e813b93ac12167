import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnsupportedOperationError } from '@residual/compile/onnx';
import { type WebgpuDriver, webgpuEnvironment } from '@residual/testing/dawn';
import { BenchError } from './bench-error.ts';
import { startBusyProcess } from './busy-process.ts';
import { Contestant } from './contestant.ts';
import { ContestantError } from './contestant-error.ts';
import type { Candidate } from './job.ts';
import { describeCpu } from './machine.ts';
import { playRounds } from './match.ts';
import { type Materials, makeMaterials } from './materials.ts';
import { NodeProcess } from './node-process.ts';
import { type BenchOptions, candidates } from './options.ts';
import { PythonProcess } from './python-process.ts';
import { quantise } from './quantise.ts';
import { nameOf } from './report.ts';
import { fastestVariants, type Played, type Ratio, type Row, ratioOf, rowOf } from './rows.ts';
import { runnerKinds } from './runners/runners.ts';

/** What was measured, on what. */
export interface BenchReport {
  readonly cpu: string;
  readonly threads: number;
  readonly rows: readonly Row[];
  /** Each of Residual's engines against each of the others, in the same numbers and in fp32. */
  readonly ratios: readonly Ratio[];
  /** Who is missing, or in one of its variants, and why. */
  readonly missing: readonly { readonly engine: string; readonly reason: string }[];
}

export interface BenchHooks {
  readonly signal: AbortSignal;
  /** A line on what is going on. */
  readonly say: (line: string) => void;
}

/** Measures everything that the options name, one model and batch after another. */
export async function bench(options: BenchOptions, hooks: BenchHooks): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'residual-bench-'));
  const busy = options.isBusy ? startBusyProcess() : undefined;
  const rows: Row[] = [];
  const ratios: Ratio[] = [];
  const missing = new Map<string, string>();
  try {
    for (const model of options.models) {
      const { sizePx, weightsFile } = options;
      const materials = await makeMaterials({ model, sizePx, weightsFile, folder });
      for (const batch of options.batches) {
        const match = await playMatch(options, { model, batch, materials, missing, ...hooks });
        rows.push(...match.rows);
        ratios.push(...match.ratios);
      }
      await materials.remove();
    }
  } finally {
    busy?.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return {
    cpu: describeCpu(),
    threads: options.threads,
    rows,
    ratios,
    missing: [...missing].map(([engine, reason]) => ({ engine, reason })),
  };
}

interface Match extends BenchHooks {
  readonly model: string;
  readonly batch: number;
  readonly materials: Materials;
  readonly missing: Map<string, string>;
}

async function playMatch(options: BenchOptions, match: Match): Promise<{ rows: Row[]; ratios: Ratio[] }> {
  const { model, batch, materials, signal, say } = match;
  const contestants: Contestant[] = [];
  try {
    for (const candidate of candidates(options, batch)) {
      signal.throwIfAborted();
      const contestant = await start(candidate, options, match);
      if (contestant) contestants.push(contestant);
    }
    say(`${model}, batch ${batch}: ${options.rounds} rounds of ${contestants.length}`);
    const played = fastestVariants(contestants, await playRounds(contestants, options.rounds, signal));
    const ours = played.filter(isOurs);
    const peers = played.filter((one) => !isOurs(one));
    return {
      rows: played.map((one) => rowOf(model, one, materials.reference)),
      ratios: ours.flatMap((engine) =>
        peers.filter((peer) => isHeldAgainst(engine, peer)).map((peer) => ratioOf(model, engine, peer)),
      ),
    };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
  }
}

function isOurs({ contestant }: Played): boolean {
  return runnerKinds().get(contestant.candidate.engine)!.isOurs === true;
}

function isHeldAgainst(engine: Played, peer: Played): boolean {
  const { precision } = peer.contestant.candidate;
  return precision === 'fp32' || precision === engine.contestant.candidate.precision;
}

async function start(
  candidate: Candidate,
  { sizePx, threads, isa, driver, python, packedFolder }: BenchOptions,
  { model, materials, missing, say }: Match,
): Promise<Contestant | undefined> {
  const { weightsFile, onnxFile, picturesFile, tfliteFile } = materials;
  const { load, quantiser, needsWebgpu, readsTflite } = runnerKinds().get(candidate.engine)!;
  try {
    const isQuantised = candidate.precision === 'int8' && quantiser !== undefined;
    const int8File = isQuantised ? await quantise(quantiser, { onnxFile, picturesFile, python }) : undefined;
    const isTflite = readsTflite && candidate.batch === 1;
    if (isTflite) await materials.writeTflite();
    const files = {
      weightsFile,
      onnxFile,
      picturesFile,
      ...(int8File !== undefined && { int8File }),
      ...(isTflite && { tfliteFile }),
    };
    const env = {
      ...(isa !== undefined && { RESIDUAL_KERNELS_ISA: isa }),
      ...(needsWebgpu && driver !== undefined && (await driverEnvironment(driver))),
    };
    const process = load === undefined ? new PythonProcess(python) : new NodeProcess(env);
    return await Contestant.start({ ...candidate, model, sizePx, threads, packedFolder, ...files }, process);
  } catch (error) {
    if (!isAbsence(error)) throw error;
    const name = nameOf(candidate);
    if (!missing.has(name)) say(`${name} is left out: ${error.message}`);
    missing.set(name, error.message);
    return undefined;
  }
}

function isAbsence(error: unknown): error is Error {
  return (
    ContestantError.isInstance(error) || BenchError.isInstance(error) || UnsupportedOperationError.isInstance(error)
  );
}

/** Vectors as wide as Mesa takes them, not those of tests, and no shaders kept from an earlier run. */
async function driverEnvironment(driver: WebgpuDriver): Promise<NodeJS.ProcessEnv> {
  const { LP_NATIVE_VECTOR_WIDTH: _, ...environment } = await webgpuEnvironment(driver);
  return { ...environment, MESA_SHADER_CACHE_DISABLE: 'true' };
}
