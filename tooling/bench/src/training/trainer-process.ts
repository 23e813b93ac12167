import { createInterface } from 'node:readline';
import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars, StateDictVars, type VarSource } from '@residual/blocks';
import { ResNet } from '@residual/resnet';
import { getSpec } from '@residual/resnet/registry';
import { recipeOptions, type TrainingData, train } from '@residual/train';
import { readCifar10, recipeBatches } from '@residual/train/node';
import { readStateDictFile } from '@residual/weights/node';
import { unregisterKernel } from '@tensorflow/tfjs-core';
import { sharedBatches } from './shared-batches.ts';
import type { OwnSetup, Ready, Trained } from './trainers.ts';
import { recipeOf } from './workload.ts';

// A process that trains a ResNet, so many steps at each line on stdin, all of `train` included.

interface Turn {
  readonly untimed: number;
  readonly steps: number;
}

/** Lets so many batches through, and no more until the next turn. */
class Gate {
  #left = 0;
  #open: (() => void) | undefined;

  let(count: number): void {
    this.#left += count;
    this.#open?.();
  }

  through(data: TrainingData): TrainingData {
    const gate = this;
    return {
      ...data,
      async *batches(epoch, first) {
        for await (const batch of data.batches(epoch, first)) {
          while (gate.#left === 0) {
            await new Promise<void>((resolve) => {
              gate.#open = resolve;
            });
          }
          gate.#left -= 1;
          yield batch;
        }
      },
    };
  }
}

const { kind, threads, workload, shared }: OwnSetup = JSON.parse(process.argv[2]!);
const backend = tfjsNode({ threads });
const { runsOn } = await backend.use();
if (kind === 'eager-tfjs-batch-norm')
  for (const name of ['BatchNormTraining', 'BatchNormTrainingGrad']) unregisterKernel(name, 'tensorflow');
const engines: Readonly<Record<string, Parameters<typeof train>[0]['engine']>> = {
  native: native({ threads }),
  'native-bf16': native({ threads, precision: 'bf16' }),
  compiled: tensorflow(),
  'compiled-bf16': tensorflow({ precision: 'bf16' }),
};
const spec = getSpec(workload.model);
const recipe = recipeOf(workload);
const data =
  shared === undefined
    ? await recipeBatches(await readCifar10(workload.folder!, 'train'), recipe, 1)
    : await sharedBatches(shared.batchesFile, spec.numClasses ?? 1000);
const initial: VarSource =
  shared === undefined
    ? randomVars({ seed: 1 })
    : new StateDictVars((await readStateDictFile(shared.initialFile)).tensors).source;
const engine = engines[kind];
const gate = new Gate();
let turn: (Turn & { losses: number[]; startMs: number }) | undefined;

reply({ device: kind.startsWith('native') ? "Residual's kernels" : runsOn });
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { untimed, steps } = JSON.parse(line) as Turn;
    turn = { untimed, steps, losses: [], startMs: performance.now() };
    gate.let(untimed + steps);
  })
  .on('close', () => process.exit());

await train({
  ...recipeOptions(recipe, data.stepsPerEpoch),
  model: (vars) => new ResNet(spec, { vars }),
  initial,
  data: gate.through(data),
  ...(engine === undefined ? {} : { engine }),
  onEvent(event) {
    if (event.kind !== 'step' || turn === undefined) return;
    turn.losses.push(event.loss);
    const { untimed, steps, losses } = turn;
    if (losses.length === untimed) turn.startMs = performance.now();
    if (losses.length === untimed + steps) reply({ seconds: (performance.now() - turn.startMs) / 1000, losses });
  },
});

function reply(message: Ready | Trained): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
