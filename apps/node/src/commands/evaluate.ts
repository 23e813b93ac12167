import { Command } from 'commander';
import { decodeOptions, optionalModelOptions } from './model-options.ts';

/** `residual evaluate`. */
export function evaluateCommand(signal: AbortSignal): Command {
  const command = new Command('evaluate').description('Measure how good a model is on a data set.');
  return decodeOptions(optionalModelOptions(command))
    .requiredOption(
      '--data <kind:dir>',
      "cifar10:DIR or cifar100:DIR (binary version), folder:DIR (pictures in DIR/CLASS, without hidden files), or archives:'PATTERN' of .tar and .parquet files",
    )
    .option('--limit <n>', 'only the first n pictures')
    .option('--shard <i/n>', 'only every nth of these from the ith, i from 0 to n - 1; an archive is one')
    .option('--json', 'one line of JSON instead of text')
    .addHelpText(
      'after',
      `
Top-1 and top-5, mean cross-entropy, expected calibration error (15 bins), each class's share of right answers, and the
confusion matrix: its rows are the true classes, its columns the answers.

The folders of folder:DIR are called by their classes: a label, an ImageNet synset or an index. Where none is, and there
are as many as the model has classes, they are numbered in the order of their names, as torchvision's ImageFolder does.
A picture that cannot be used is reported, and the rest go on; the exit code is then 1.

Examples:
  residual evaluate --data cifar10:cifar-10-batches-bin
  residual evaluate --model resnet56 --weights resnet56.th --data cifar10:cifar-10-batches-bin
  residual evaluate --model resnet50 --weights resnet50.pth --data folder:imagenet/val --limit 5000 --json
  residual evaluate --model resnet50 --weights resnet50.pth --data 'archives:imagenet/val-*.tar'`,
    )
    .action(async (flags) => {
      const { evaluate } = await import('../evaluate.ts');
      process.exitCode = await evaluate(flags, signal);
    });
}
