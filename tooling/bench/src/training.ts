#!/usr/bin/env node
// Images a second of training, end to end, each trainer in a process of its own, in turn; or how far losses differ.
//
//   pnpm --filter @residual/bench train [DIR] [--trainers native,pytorch-1] [--python PATH]… [--threads 2] [--rounds 4]
//     [--steps 10] [--model resnet18 --size 224 --batch 16] [--curve 50 --rate 0.001]
import { TrainError } from '@residual/train';
import { BenchError } from './bench-error.ts';
import { playTrainers } from './training/training-match.ts';
import { parseTrainingOptions } from './training/training-options.ts';
import { formatTraining } from './training/training-report.ts';

try {
  // pnpm runs this in the package's folder; paths are of the one that it was called in.
  const options = parseTrainingOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? '.');
  const results = await playTrainers(options, (line) => process.stderr.write(`${line}\n`));
  process.stdout.write(formatTraining(options, results));
  if (results.missing.length > 0) process.exitCode = 1;
} catch (error) {
  if (!BenchError.isInstance(error) && !TrainError.isInstance(error)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
