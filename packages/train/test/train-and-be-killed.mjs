// Trains the tiny net in a folder for so many epochs, says each step, and leaves the weights there as `done.json` at the end.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs';
import { randomVars } from '@residual/blocks';
import { train } from '@residual/train';
import { checkpointFolder } from '@residual/train/node';
import * as tf from '@tensorflow/tfjs-core';
import { tinyOptions } from './tiny.mjs';

const [folder, epochs] = process.argv.slice(2);
await tf.setBackend('cpu');
const { stateDict, progress } = await train({
  ...tinyOptions(),
  epochs: Number(epochs),
  initial: randomVars({ seed: 3 }),
  checkpoints: checkpointFolder(folder),
  checkpointSteps: 2,
  onEvent: (event) => event.kind === 'step' && process.stdout.write(`${event.step} ${event.loss}\n`),
});
const losses = progress.history.map(({ trainLoss, testLoss }) => [trainLoss, testLoss]);
const weights = [...stateDict].map(([name, { data }]) => [name, [...data]]);
await writeFile(join(folder, 'done.json'), JSON.stringify({ losses, weights }));
