import type { Contestant } from './contestant.ts';
import type { Precision } from './job.ts';
import type { Round } from './match.ts';
import { maxDifference } from './pictures.ts';
import { median, quantile } from './statistics.ts';

/** One engine's result. Times of runs are per image. */
export interface Row {
  readonly model: string;
  readonly engine: string;
  readonly precision: Precision;
  readonly batch: number;
  /** From the model's file to a model that is ready; importing the library is `libraryMs`. */
  readonly loadMs: number;
  readonly libraryMs: number;
  /** The first run, the whole batch. */
  readonly firstMs: number;
  readonly warmMs: number;
  /** The fastest and the slowest sample. */
  readonly spread: readonly [number, number];
  /** The most memory of the process at any time. */
  readonly peakMB: number;
  /** Largest difference from the reference logits, over the largest of them. */
  readonly maxDiff: number;
  readonly device: string;
  readonly variant?: string;
}

/** How many times as fast an engine is as a peer. */
export interface Ratio {
  readonly model: string;
  readonly engine: string;
  readonly precision: Precision;
  readonly batch: number;
  readonly peer: string;
  readonly peerPrecision: Precision;
  /** Of the medians of all samples. */
  readonly ratio: number;
  /** What nine rounds in ten lie between. */
  readonly spread: readonly [number, number];
}

/** A contestant with what it did in each round. */
export interface Played {
  readonly contestant: Contestant;
  readonly rounds: readonly (readonly number[])[];
}

/** Of the variants of an engine the fastest, in the order in which they began. */
export function fastestVariants(contestants: readonly Contestant[], rounds: readonly Round[]): Played[] {
  const best = new Map<string, Played>();
  for (const [index, contestant] of contestants.entries()) {
    const { engine, precision } = contestant.candidate;
    const key = `${engine} ${precision}`;
    const known = best.get(key);
    if (known !== undefined && median(known.contestant.samplesMs) <= median(contestant.samplesMs)) continue;
    best.set(key, { contestant, rounds: rounds.map((round) => round[index]!) });
  }
  return [...best.values()];
}

export function rowOf(model: string, { contestant }: Played, reference: Float32Array): Row {
  const { candidate, loaded, samplesMs, peakMB } = contestant;
  const perImage = samplesMs.map((ms) => ms / candidate.batch);
  const { variant } = candidate;
  return {
    model,
    engine: candidate.engine,
    precision: candidate.precision,
    batch: candidate.batch,
    loadMs: round(loaded.loadMs),
    libraryMs: round(loaded.libraryMs),
    firstMs: round(loaded.firstMs),
    warmMs: round(median(perImage)),
    spread: [round(Math.min(...perImage)), round(Math.max(...perImage))],
    peakMB: round(peakMB),
    maxDiff: Number(maxDifference(loaded.logits, reference).toPrecision(3)),
    device: loaded.device,
    ...(variant !== undefined && { variant }),
  };
}

export function ratioOf(model: string, engine: Played, peer: Played): Ratio {
  const { candidate, samplesMs } = engine.contestant;
  const perRound = engine.rounds.map((samples, index) => median(peer.rounds[index]!) / median(samples));
  return {
    model,
    engine: candidate.engine,
    precision: candidate.precision,
    batch: candidate.batch,
    peer: peer.contestant.candidate.engine,
    peerPrecision: peer.contestant.candidate.precision,
    ratio: round(median(peer.contestant.samplesMs) / median(samplesMs)),
    spread: [round(quantile(perRound, 0.05)), round(quantile(perRound, 0.95))],
  };
}

export function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
