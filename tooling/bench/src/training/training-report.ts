import Table from 'cli-table3';
import { describeCpu } from '../machine.ts';
import { median } from '../statistics.ts';
import { pytorchKind } from './trainers.ts';
import type { TrainerResult, TrainingResults } from './training-match.ts';
import type { TrainingOptions } from './training-options.ts';

/** A table of speeds, or of how far the losses are from each other, and a line for each that is missing. */
export function formatTraining(options: TrainingOptions, { results, missing }: TrainingResults): string {
  const { workload, threads, curveSteps, rounds, steps } = options;
  const pictures = workload.folder === undefined ? 'pictures made up' : 'CIFAR-10';
  const what = `${workload.model}, ${workload.sizePx}², batch ${workload.batch}, rate ${workload.learningRate}, ${pictures}`;
  const how =
    curveSteps === undefined
      ? `${rounds} rounds of ${steps} steps in turn; medians`
      : `${curveSteps} steps from the same weights with the same batches`;
  const table = curveSteps === undefined ? speedTable(results) : curveTable(results);
  const lines = [`${describeCpu()}; ${threads} threads; ${what}; ${how}`, table.toString()];
  return [...lines, ...missing.map((line) => `left out: ${line}`), ''].join('\n');
}

const style = { head: [], border: [], compact: true };

function speedTable(results: readonly TrainerResult[]): Table.Table {
  const peers = fastestPeers(results);
  const head = ['trainer', 'images/s', 'min – max', 'loss', ...peers.map(({ label }) => `× ${label}`), 'on'];
  const table = new Table({ head, style });
  for (const { label, rates, losses, device } of results) {
    const ratios = peers.map((peer) => {
      const rounds = rates.map((rate, round) => rate / peer.rates[round]!);
      return `${median(rounds).toFixed(2)} (${Math.min(...rounds).toFixed(2)} – ${Math.max(...rounds).toFixed(2)})`;
    });
    const digits = median(rates) < 100 ? 1 : 0;
    const range = `${Math.min(...rates).toFixed(digits)} – ${Math.max(...rates).toFixed(digits)}`;
    table.push([label, median(rates).toFixed(digits), range, losses.at(-1)!.toFixed(2), ...ratios, device]);
  }
  return table;
}

/** Of each PyTorch the fastest in float32 and in bfloat16; and tfjs's own batch norm, for eager's sake. */
export function fastestPeers(results: readonly TrainerResult[]): TrainerResult[] {
  const fastest = new Map<string, TrainerResult>();
  for (const result of results) {
    const kind = pytorchKind(result.name);
    if (kind === undefined && result.name !== 'eager-tfjs-batch-norm') continue;
    const key = kind === undefined ? result.name : `${result.version} ${kind.isBf16}`;
    const known = fastest.get(key);
    if (known === undefined || median(known.rates) < median(result.rates)) fastest.set(key, result);
  }
  return [...fastest.values()];
}

function curveTable(results: readonly TrainerResult[]): Table.Table {
  const reference = curveReference(results);
  const head = ['trainer', 'first loss', 'last loss', `largest difference from ${reference?.label}`, 'at step', 'on'];
  const table = new Table({ head, style });
  for (const { label, losses, device } of results) {
    const { difference, step } = largestDifference(losses, reference!.losses);
    table.push([label, losses[0]!.toFixed(5), losses.at(-1)!.toFixed(5), difference.toExponential(1), step, device]);
  }
  return table;
}

/** The first that is PyTorch in float32, else the first. */
function curveReference(results: readonly TrainerResult[]): TrainerResult | undefined {
  return results.find(({ name }) => pytorchKind(name)?.isBf16 === false) ?? results[0];
}

/** Of two curves' losses; steps count from 1. NaN where a loss is. */
export function largestDifference(
  losses: readonly number[],
  reference: readonly number[],
): { readonly difference: number; readonly step: number } {
  let largest = { difference: 0, step: 1 };
  for (const [index, loss] of losses.entries()) {
    const difference = Math.abs(loss - reference[index]!);
    if (Number.isNaN(difference)) return { difference, step: index + 1 };
    if (difference > largest.difference) largest = { difference, step: index + 1 };
  }
  return largest;
}
