import { Command } from 'commander';
import { deviceOption, precisionOption } from './run-options.ts';

/** `residual degradation`. */
export function degradationCommand(signal: AbortSignal): Command {
  return new Command('degradation')
    .description('Train plain and residual nets of 20 and 56 layers alike, and draw their errors.')
    .requiredOption('--data <kind:dir>', 'cifar10:DIR (binary version)')
    .requiredOption('--out <dir>', 'a folder for each run, MODEL-SEED, and the results')
    .option('--models <list>', 'variants that end in their number of layers', 'plain20,plain56,resnet20,resnet56')
    .option('--seeds <list>', 'one run of each model for each', '1')
    .option('--epochs <n>', "another length than the recipe's, 15")
    .addOption(deviceOption().default('tensorflow'))
    .addOption(precisionOption())
    .option('--jobs <n>', 'runs at a time, each with its share of the cores; two are faster than one with both', '1')
    .option('--limit <n>', 'only the first n pictures of each part')
    .addHelpText(
      'after',
      `
The degradation problem of He et al. 2015: deeper plain nets have the higher training error, and shortcuts turn that
round. Each run is one of residual train with the recipe cifar-degradation. What is done is not done again: the same
command goes on after Ctrl-C, or any stop, and takes runs that residual train has left in the folder. At the end the folder
gets metrics.json ({"runs": [{model, seed, epochs, trainError, testError}]}), figure.svg and figure.html.

Examples:
  residual degradation --data cifar10:cifar-10-batches-bin --out runs/degradation --jobs 2
  residual degradation --data cifar10:cifar-10-batches-bin --out runs/seeds --seeds 1,2,3 --epochs 60`,
    )
    .action(async (flags) => {
      const { runDegradation } = await import('../degradation/run-degradation.ts');
      process.exitCode = await runDegradation(flags, signal);
    });
}
