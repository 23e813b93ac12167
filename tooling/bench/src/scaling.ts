#!/usr/bin/env node
// How cost grows with batch and with pixels: a table, a plot and the exponent of a power law (1: in proportion).
//
//   pnpm --filter @residual/bench scaling [--model resnet50] [--engines native] [--threads 2] [--plot FILE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { getSpec } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import { Contestant } from './contestant.ts';
import { describeCpu } from './machine.ts';
import { playRounds } from './match.ts';
import { NodeProcess } from './node-process.ts';
import { writePlot } from './plot.ts';
import { type ScalingPoint, scalingPlot } from './scaling-plot.ts';
import { median, powerLawExponent } from './statistics.ts';
import { makeWeights } from './weights.ts';

const PLACES = [
  ...[1, 2, 4, 8, 16].map((batch) => ({ along: 'batch', batch, sizePx: 224 }) as const),
  ...[64, 128, 256, 512, 1024].map((sizePx) => ({ along: 'pixels', batch: 1, sizePx }) as const),
];
const ROUNDS = 10;

const { values: flags } = parseArgs({
  options: {
    model: { type: 'string', default: 'resnet50' },
    engines: { type: 'string', default: 'native' },
    threads: { type: 'string', default: `${availableParallelism()}` },
    plot: { type: 'string', default: 'residual-scaling.svg' },
  },
});

const folder = await mkdtemp(join(tmpdir(), 'residual-scaling-'));
try {
  const weightsFile = join(folder, 'weights.safetensors');
  await writeFile(weightsFile, writeSafetensors(makeWeights(getSpec(flags.model))));
  const points: ScalingPoint[] = [];
  for (const engine of flags.engines.split(',')) {
    const own = await measure(engine, weightsFile);
    for (const along of ['batch', 'pixels'] as const) {
      const line = own.filter((point) => point.along === along);
      const exponent = powerLawExponent(line.map(({ megapixels, ms }) => [megapixels, ms]));
      process.stdout.write(`${engine}: time grows as ${along} to the power of ${exponent.toFixed(3)}\n`);
    }
    points.push(...own);
  }
  const subtitle = `${flags.model} on ${describeCpu()}; ${flags.threads} threads; medians`;
  // pnpm runs this in the package's folder; the name is one of the folder that it was called in.
  await writePlot(resolve(process.env['INIT_CWD'] ?? '.', flags.plot), scalingPlot(points, subtitle));
  process.stdout.write(`plot: ${flags.plot}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** All points in turn, several times, so that the machine's drift is everybody's. */
async function measure(engine: string, weightsFile: string): Promise<ScalingPoint[]> {
  const contestants: Contestant[] = [];
  try {
    for (const { batch, sizePx } of PLACES) {
      const { model, threads } = flags;
      const job = { engine, precision: 'fp32', batch, model, sizePx, threads: Number(threads), weightsFile } as const;
      contestants.push(await Contestant.start({ ...job, onnxFile: '', picturesFile: '' }, new NodeProcess({})));
    }
    await playRounds(contestants, ROUNDS, new AbortController().signal);
  } finally {
    await Promise.all(contestants.map((contestant) => contestant.stop()));
  }
  return PLACES.map(({ along, batch, sizePx }, index) => {
    const ms = median(contestants[index]!.samplesMs);
    const megapixels = (batch * sizePx * sizePx) / 1e6;
    const each = `${(ms / megapixels).toFixed(0)} ms per megapixel`;
    process.stdout.write(`${engine}, batch ${batch}, ${sizePx} × ${sizePx}: ${ms.toFixed(1)} ms, ${each}\n`);
    return { engine, along, megapixels, ms };
  });
}
