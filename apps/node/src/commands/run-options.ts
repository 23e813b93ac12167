import { type Command, Option } from 'commander';

const RECIPES = 'cifar-paper, cifar-short, cifar-degradation, imagenet-v2, fine-tuning';

/** Adds the options of every command that trains a model in a run's folder. */
export function runOptions(command: Command, { recipe }: { recipe: string }): Command {
  return command
    .requiredOption('--out <run>', "the run's folder: settings, metrics, checkpoints, weights, report")
    .option('--model <name>', 'variant, e.g. resnet20, plain56, resnet18')
    .option(
      '--data <kind:dir>',
      'cifar10:DIR or cifar100:DIR (binary version), folder:DIR (pictures in DIR/train/CLASS and DIR/val/CLASS, or in DIR/CLASS; without hidden files)',
    )
    .option('--recipe <name>', `${RECIPES}, or a JSON file`, recipe)
    .option('--epochs <n>', "another length than the recipe's")
    .option('--seed <n>', 'first weights, order and augmentation depend on it', '1')
    .option('--evaluate-every <n>', 'epochs between two evaluations', '1')
    .option('--limit <n>', 'only the first n pictures of each part')
    .addOption(deviceOption(' (default: the first of them that is here)'))
    .option('--threads <n>', 'of the device; default: as many as there are cores')
    .addOption(precisionOption())
    .option('--resume', 'go on with the run that is in the folder, with its own settings')
    .option('--json', 'one line of JSON at the end instead of a sentence');
}

/** `--device`, with what is to be said of its default where that is no name. */
export function deviceOption(note = ''): Option {
  const who = `who computes the steps: Residual's own kernels, TensorFlow, or tfjs in JavaScript${note}`;
  return new Option('--device <name>', who).choices(['native', 'tensorflow', 'tfjs']);
}

/** `--precision`. */
export function precisionOption(): Option {
  return new Option('--precision <type>', 'of pictures and their gradients; weights and sums stay float32')
    .choices(['fp32', 'bf16'])
    .default('fp32');
}
