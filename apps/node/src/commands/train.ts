import { Command } from 'commander';
import { decodeOptions } from './model-options.ts';
import { runOptions } from './run-options.ts';

/** `residual train`. */
export function trainCommand(signal: AbortSignal): Command {
  const command = new Command('train').description('Train a model, in a folder from which it goes on after any stop.');
  return decodeOptions(runOptions(command, { recipe: 'cifar-short' }))
    .addHelpText(
      'after',
      `
The folder gets settings.json (recipe, seed, command, versions), metrics.jsonl (a line for each epoch), evaluation.json,
checkpoints (the two newest and the best) and, at the end, report.html and model.safetensors: the last weights, not the
best, for which the test pictures would have chosen. Other commands take it as --weights. Ctrl-C stops after the step
under way and saves. Of a folder without train and val, every fifth picture is held out for testing.
Pictures that cannot be decoded are found before the training and left out; the exit code is then 1.

Examples:
  residual train --model resnet20 --data cifar10:cifar-10-batches-bin --out runs/resnet20
  residual train --resume --out runs/resnet20`,
    )
    .action(async (flags) => {
      const { trainModel } = await import('../train/train-model.ts');
      process.exitCode = await trainModel(flags, signal);
    });
}
