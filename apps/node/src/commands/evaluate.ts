import { Command } from 'commander';
import { modelOptions } from './model-options.ts';

/** `residual evaluate`. */
export function evaluateCommand(signal: AbortSignal): Command {
  const command = new Command('evaluate').description('Count how many pictures of a data set a model gets right.');
  return modelOptions(command)
    .requiredOption(
      '--data <kind:dir>',
      'cifar10:DIR (test_batch.bin of the binary version) or folder:DIR (DIR/CLASS/*.jpg)',
    )
    .option('--limit <n>', 'only the first n pictures')
    .option('--json', 'one line of JSON instead of a sentence')
    .addHelpText(
      'after',
      `
The folders of folder:DIR are called by their classes: a label, an ImageNet synset or an index. Where none is, and there
are as many as the model has classes, they are numbered in the order of their names, as torchvision's ImageFolder does.

Examples:
  residual evaluate --model resnet56 --weights resnet56.th --data cifar10:cifar-10-batches-bin
  residual evaluate --model resnet50 --weights resnet50.pth --data folder:imagenet/val --limit 5000 --json`,
    )
    .action(async (flags) => {
      const { evaluate } = await import('../evaluate.ts');
      process.exitCode = await evaluate(flags, signal);
    });
}
