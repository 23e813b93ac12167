import { Command, Option } from 'commander';
import { decodeOptions, networkOptions } from './model-options.ts';
import { runOptions } from './run-options.ts';

/** `residual fine-tune`. */
export function fineTuneCommand(signal: AbortSignal): Command {
  const command = new Command('fine-tune').description(
    'Train a new head on pretrained weights, for classes of your own.',
  );
  return networkOptions(decodeOptions(runOptions(command, { recipe: 'fine-tuning' })))
    .option('--weights <file>', 'pretrained; which variant they are of, their tensors say')
    .option('--freeze <prefix...>', 'what stays as it is: backbone (all but the head), or conv1 bn1 layer1 …', [])
    .addOption(
      new Option('--bn <mode>', 'batch norm keeps its running statistics, or takes those of the batches')
        .choices(['frozen', 'train'])
        .default('frozen'),
    )
    .addHelpText(
      'after',
      `
A line on stderr says which tensors are new. The folder gets what that of residual train gets; its model.safetensors
knows the names of the classes, which are those of the data's folders. With a few dozen pictures of each class, freeze the
backbone; with hundreds, leave --freeze out.

Examples:
  residual fine-tune --model resnet18 --weights resnet18.pth --data folder:flowers --freeze backbone --out runs/flowers
  residual classify photo.jpg --model resnet18 --weights runs/flowers/model.safetensors
  residual fine-tune --resume --out runs/flowers`,
    )
    .action(async (flags) => {
      const { fineTuneModel } = await import('../train/fine-tune-model.ts');
      process.exitCode = await fineTuneModel(flags, signal);
    });
}
