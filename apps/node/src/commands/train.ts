import { Command, Option } from 'commander';

/** `residual train`. */
export function trainCommand(signal: AbortSignal): Command {
  return new Command('train')
    .description('Train a model, in a folder from which it goes on after any stop.')
    .requiredOption('--out <run>', "the run's folder: settings, metrics, checkpoints, weights")
    .option('--model <name>', 'variant, e.g. resnet20, plain56, resnet18')
    .option('--data <kind:dir>', 'cifar10:DIR or cifar100:DIR (binary version), folder:DIR (DIR/train, DIR/val)')
    .option('--recipe <name>', 'cifar-paper, cifar-short, imagenet-v2, or a JSON file', 'cifar-short')
    .option('--epochs <n>', "another length than the recipe's")
    .option('--seed <n>', 'first weights, order and augmentation depend on it', '1')
    .option('--evaluate-every <n>', 'epochs between two evaluations', '1')
    .option('--limit <n>', 'only the first n pictures of each part')
    .addOption(
      new Option('--precision <type>', 'of pictures and their gradients; weights and sums stay float32')
        .choices(['float32', 'bfloat16'])
        .default('float32'),
    )
    .option('--resume', 'go on with the run that is in the folder, with its own settings')
    .option('--json', 'one line of JSON at the end instead of a sentence')
    .addHelpText(
      'after',
      `
The folder gets settings.json (recipe, seed, command, versions), metrics.jsonl (a line for each epoch), checkpoints and,
at the end, model.safetensors, which other commands take as --weights. Ctrl-C stops after the step under way and saves.

Examples:
  residual train --model resnet20 --data cifar10:cifar-10-batches-bin --out runs/resnet20
  residual train --resume --out runs/resnet20`,
    )
    .action(async (flags) => {
      const { trainModel } = await import('../train/train-model.ts');
      process.exitCode = await trainModel(flags, signal);
    });
}
