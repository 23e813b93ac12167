import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { UnsupportedOperationError } from '@residual/compile/onnx';
import type { BenchHooks } from '../bench.ts';
import { ContestantError } from '../contestant-error.ts';
import { describeCpu } from '../machine.ts';
import { playRounds, type Round } from '../match.ts';
import { type Materials, makeMaterials } from '../materials.ts';
import { maxDifference } from '../pictures.ts';
import { round } from '../rows.ts';
import { median, quantile } from '../statistics.ts';
import { BrowserContestant } from './browser-contestant.ts';
import type { BrowserEngine, BrowserOptions } from './browser-options.ts';
import type { GpuCounts } from './page-protocol.ts';
import { type PageServer, servePages } from './page-server.ts';

/** One engine's result, of one picture. */
export interface BrowserRow extends GpuCounts {
  readonly model: string;
  readonly engine: BrowserEngine;
  readonly precision: 'fp32';
  readonly batch: 1;
  readonly libraryMs: number;
  readonly loadMs: number;
  readonly firstMs: number;
  readonly warmMs: number;
  readonly spread: readonly [number, number];
  readonly maxDiff: number;
  readonly device: string;
}

/** How many times as fast an engine of Residual's is as a peer on the same. */
export interface BrowserRatio {
  readonly model: string;
  readonly engine: 'webgpu' | 'wasm';
  readonly peer: BrowserEngine;
  readonly ratio: number;
  readonly spread: readonly [number, number];
}

export interface BrowserReport {
  readonly cpu: string;
  readonly browser: string;
  readonly rows: readonly BrowserRow[];
  readonly ratios: readonly BrowserRatio[];
  readonly missing: readonly { readonly engine: string; readonly reason: string }[];
}

interface Match extends BenchHooks {
  readonly model: string;
  readonly materials: Materials;
  readonly server: PageServer;
  readonly missing: Map<string, string>;
}

/** Measures engines in the browser, each on a page of its own, in turn. */
export async function browserBench(options: BrowserOptions, hooks: BenchHooks): Promise<BrowserReport> {
  const folder = await mkdtemp(join(tmpdir(), 'residual-bench-'));
  const rows: BrowserRow[] = [];
  const ratios: BrowserRatio[] = [];
  const missing = new Map<string, string>();
  let browser = '';
  const server = await servePages(folder);
  try {
    for (const model of options.models) {
      const { sizePx, weightsFile } = options;
      const materials = await makeMaterials({ model, sizePx, weightsFile, folder });
      const match = await playMatch(options, { model, materials, server, missing, ...hooks });
      rows.push(...match.rows);
      ratios.push(...match.ratios);
      browser = match.browser ?? browser;
      await materials.remove();
    }
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
  const absent = [...missing].map(([engine, reason]) => ({ engine, reason }));
  return { cpu: describeCpu(), browser, rows, ratios, missing: absent };
}

async function playMatch(
  { engines, rounds, sizePx, threads, weightsFile }: BrowserOptions,
  { model, materials, server, missing, signal, say }: Match,
): Promise<Pick<BrowserReport, 'rows' | 'ratios'> & { browser: string | undefined }> {
  const own = basename(materials.weightsFile);
  if (weightsFile !== undefined)
    await symlink(resolve(weightsFile), join(materials.folder, own)).catch(() => undefined);
  const job = {
    model,
    sizePx,
    weightsUrl: server.addressOf(own),
    onnxUrl: server.addressOf(basename(materials.onnxFile)),
    tfliteUrl: server.addressOf(basename(materials.tfliteFile)),
    threads,
  };
  const contestants: BrowserContestant[] = [];
  try {
    for (const engine of engines) {
      signal.throwIfAborted();
      say(`${model}: ${engine} loads`);
      try {
        if (engine.startsWith('litert-web')) await materials.writeTflite();
        contestants.push(await BrowserContestant.start(engine, job, server));
      } catch (error) {
        if (!ContestantError.isInstance(error) && !UnsupportedOperationError.isInstance(error)) throw error;
        say(`${engine} is left out: ${error.message}`);
        missing.set(engine, error.message);
      }
    }
    say(`${model}: ${rounds} rounds of ${contestants.length}`);
    const played = await playRounds(contestants, rounds, signal);
    const rows: BrowserRow[] = [];
    for (const contestant of contestants) rows.push(await rowOf(model, contestant, materials.reference));
    const ratios = (['webgpu', 'wasm'] as const).flatMap((engine) => ratiosOf(model, engine, contestants, played));
    return { rows, ratios, browser: contestants[0]?.browserName };
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
  }
}

function ratiosOf(
  model: string,
  engine: BrowserRatio['engine'],
  contestants: readonly BrowserContestant[],
  played: readonly Round[],
): BrowserRatio[] {
  const own = contestants.findIndex((contestant) => contestant.engine === engine);
  if (own === -1) return [];
  return contestants.flatMap((peer, index) => {
    if (!peer.engine.endsWith(`-${engine}`)) return [];
    const perRound = played.map((samples) => median(samples[index]!) / median(samples[own]!));
    return {
      model,
      engine,
      peer: peer.engine,
      ratio: round(median(peer.samplesMs) / median(contestants[own]!.samplesMs)),
      spread: [round(quantile(perRound, 0.05)), round(quantile(perRound, 0.95))] as const,
    };
  });
}

async function rowOf(model: string, contestant: BrowserContestant, reference: Float32Array): Promise<BrowserRow> {
  const { engine, loaded, samplesMs } = contestant;
  return {
    model,
    engine,
    precision: 'fp32',
    batch: 1,
    libraryMs: round(loaded.libraryMs),
    loadMs: round(loaded.loadMs),
    firstMs: round(loaded.firstMs),
    warmMs: round(median(samplesMs)),
    spread: [round(Math.min(...samplesMs)), round(Math.max(...samplesMs))],
    maxDiff: Number(maxDifference(Float32Array.from(loaded.logits), reference).toPrecision(3)),
    ...(await contestant.count()),
    device: loaded.device,
  };
}
