#!/usr/bin/env node
// Images a second of training ResNet-20 on CIFAR-10, end to end, each trainer in a process of its own, in turn.
//
//   pnpm --filter @residual/bench train DIR [--trainers compiled,eager,pytorch-1] [--threads 2] [--rounds 4] [--steps 10]
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { BenchError } from './bench-error.ts';
import { describeCpu } from './machine.ts';
import { median } from './statistics.ts';
import type { LineProcess } from './training/line-process.ts';
import { startTrainer, trainerNames } from './training/trainers.ts';

const BATCH = 128;

/** Steps at the beginning of a turn in which batches are used up that were made between the turns. */
const UNTIMED = 4;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    trainers: { type: 'string', default: trainerNames().join(',') },
    threads: { type: 'string', default: `${availableParallelism()}` },
    rounds: { type: 'string', default: '4' },
    steps: { type: 'string', default: '10' },
    python: { type: 'string', default: 'python3' },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new BenchError("DIR: expected the folder of CIFAR-10's binary version, got nothing");

const options = { folder, threads: Number(flags.threads), python: flags.python };
const steps = Number(flags.steps);
const trainers = new Map<string, { process: LineProcess; device: string; rates: number[]; loss: number }>();
try {
  for (const name of flags.trainers.split(',')) {
    const process = startTrainer(name, options);
    trainers.set(name, { process, device: '', rates: [], loss: 0 });
    const { device } = await process.answer<{ device: string }>();
    trainers.get(name)!.device = device;
  }
  // The first turn is for compiling and warming up.
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [name, trainer] of trainers) {
      const turn = { untimed: UNTIMED, steps: round === 0 ? 1 : steps };
      const { seconds, loss } = await trainer.process.answer<{ seconds: number; loss: number }>(turn);
      const rate = (BATCH * turn.steps) / seconds;
      process.stderr.write(`round ${round}: ${name} ${rate.toFixed(0)} images/s\n`);
      if (round > 0) trainer.rates.push(rate);
      trainer.loss = loss;
    }
  }
  print();
} finally {
  await Promise.all([...trainers.values()].map(({ process }) => process.stop()));
}

function print(): void {
  const names = [...trainers.keys()];
  const peers = names.filter((name) => name.startsWith('pytorch') || name === 'eager-tfjs-batch-norm');
  const table = new Table({
    head: ['trainer', 'images/s', 'min – max', 'loss', ...peers.map((name) => `× ${name}`), 'on'],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, { rates, loss, device }] of trainers) {
    const ratios = peers.map((peer) => {
      const rounds = rates.map((rate, round) => rate / trainers.get(peer)!.rates[round]!);
      return `${median(rounds).toFixed(2)} (${Math.min(...rounds).toFixed(2)} – ${Math.max(...rounds).toFixed(2)})`;
    });
    const range = `${Math.min(...rates).toFixed(0)} – ${Math.max(...rates).toFixed(0)}`;
    table.push([name, median(rates).toFixed(0), range, loss.toFixed(2), ...ratios, device]);
  }
  const what = `ResNet-20, batch ${BATCH}, CIFAR-10; ${flags.rounds} rounds of ${steps} steps in turn; medians`;
  process.stdout.write(`${describeCpu()}; ${flags.threads} threads; ${what}\n${table.toString()}\n`);
}
