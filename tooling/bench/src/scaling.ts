#!/usr/bin/env node
// How cost grows with batch and with pixels: a table, a plot and the exponent of a power law (1: in proportion).
//
//   pnpm --filter @residual/bench scaling [--model resnet50] [--engines native] [--threads 2] [--plot FILE]
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { getSpec } from '@residual/resnet/registry';
import { writeSafetensors } from '@residual/weights';
import { Contestant } from './contestant.ts';
import { describeCpu } from './machine.ts';
import { toSvg } from './plot.ts';
import { type ScalingPoint, scalingPlot } from './scaling-plot.ts';
import { median, powerLawExponent } from './statistics.ts';
import { makeWeights } from './weights.ts';

const BATCHES = [1, 2, 4, 8, 16];
const SIZES_PX = [64, 128, 256, 512, 1024];
const BATCH_SIZE_PX = 224;
const LEAST_MS = 1500;
const FEWEST_RUNS = 5;

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
    for (const batch of BATCHES) points.push(await measure(engine, 'batch', batch, BATCH_SIZE_PX, weightsFile));
    for (const sizePx of SIZES_PX) points.push(await measure(engine, 'pixels', 1, sizePx, weightsFile));
    for (const along of ['batch', 'pixels'] as const) {
      const line = points.filter((point) => point.engine === engine && point.along === along);
      const exponent = powerLawExponent(line.map(({ megapixels, ms }) => [megapixels, ms]));
      process.stdout.write(`${engine}: time grows as ${along} to the power of ${exponent.toFixed(3)}\n`);
    }
  }
  const subtitle = `${flags.model} on ${describeCpu()}; ${flags.threads} threads; medians`;
  await writeFile(flags.plot, await toSvg(scalingPlot(points, subtitle)));
  process.stdout.write(`plot: ${flags.plot}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(
  engine: string,
  along: ScalingPoint['along'],
  batch: number,
  sizePx: number,
  weightsFile: string,
): Promise<ScalingPoint> {
  const threads = Number(flags.threads);
  const model = flags.model;
  const job = { engine, precision: 'fp32', batch, model, sizePx, threads, weightsFile, onnxFile: '' } as const;
  const contestant = await Contestant.start(job);
  try {
    await contestant.warmUp(2);
    const begin = performance.now();
    while (performance.now() - begin < LEAST_MS || contestant.samplesMs.length < FEWEST_RUNS) await contestant.run(1);
  } finally {
    await contestant.stop();
  }
  const ms = median(contestant.samplesMs);
  const megapixels = (batch * sizePx * sizePx) / 1e6;
  const each = `${(ms / megapixels).toFixed(0)} ms per megapixel`;
  process.stdout.write(`${engine}, batch ${batch}, ${sizePx} × ${sizePx}: ${ms.toFixed(1)} ms, ${each}\n`);
  return { engine, along, megapixels, ms };
}
