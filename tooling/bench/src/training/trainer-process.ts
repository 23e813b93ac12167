import { createInterface } from 'node:readline';
import { native, tensorflow, tfjsNode } from '@residual/backend-node';
import { randomVars } from '@residual/blocks';
import { cifarResNet } from '@residual/resnet';
import { recipeOptions, recipes, type TrainingData, train } from '@residual/train';
import { readCifar10, recipeBatches } from '@residual/train/node';
import { unregisterKernel } from '@tensorflow/tfjs-core';

// A process that trains ResNet-20 on CIFAR-10, so many steps at each line on stdin, all of `train` included.

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

const [kind = '', folder = '', threads = '1'] = process.argv.slice(2);
const backend = tfjsNode({ threads: Number(threads) });
const { runsOn } = await backend.use();
if (kind === 'eager-tfjs-batch-norm')
  for (const name of ['BatchNormTraining', 'BatchNormTrainingGrad']) unregisterKernel(name, 'tensorflow');
const engines: Readonly<Record<string, Parameters<typeof train>[0]['engine']>> = {
  native: native({ threads: Number(threads) }),
  compiled: tensorflow(),
  'compiled-bfloat16': tensorflow({ precision: 'bfloat16' }),
};
const recipe = recipes()['cifar-paper']!;
const data = await recipeBatches(await readCifar10(folder, 'train'), recipe, 1);
const engine = engines[kind];
const gate = new Gate();
let turn: (Turn & { done: number; loss: number; startMs: number }) | undefined;

process.stdout.write(`${JSON.stringify({ device: kind === 'native' ? "Residual's kernels" : runsOn })}\n`);
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { untimed, steps } = JSON.parse(line) as Turn;
    turn = { untimed, steps, done: 0, loss: 0, startMs: performance.now() };
    gate.let(untimed + steps);
  })
  .on('close', () => process.exit());

await train({
  ...recipeOptions(recipe, data.stepsPerEpoch),
  model: (vars) => cifarResNet(20, { vars }),
  initial: randomVars({ seed: 1 }),
  data: gate.through(data),
  ...(engine === undefined ? {} : { engine }),
  onEvent(event) {
    if (event.kind !== 'step' || turn === undefined) return;
    turn.done += 1;
    turn.loss += event.loss;
    if (turn.done === turn.untimed) turn.startMs = performance.now();
    if (turn.done < turn.untimed + turn.steps) return;
    const seconds = (performance.now() - turn.startMs) / 1000;
    process.stdout.write(`${JSON.stringify({ seconds, loss: turn.loss / turn.done })}\n`);
  },
});
