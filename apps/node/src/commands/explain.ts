import { Command, Option } from 'commander';
import { decodeOptions, forceOption, modelOptions } from './model-options.ts';

/** `residual explain`. */
export function explainCommand(signal: AbortSignal): Command {
  const command = new Command('explain')
    .description('Show where in a picture a model sees a class.')
    .argument('<image>', 'a file, an address, or - for standard input');
  return decodeOptions(modelOptions(command))
    .requiredOption('--out <file.png>', 'the crop that the model sees, under a heatmap')
    .option('--class <class>', "a label or its index (default: the model's answer)")
    .option('--channel <n>', 'in place of a class, a channel of the pooled features: for weights without a head')
    .addOption(
      new Option('--method <name>', 'how it is found out')
        .choices(['grad-cam', 'grad-cam++', 'occlusion'])
        .default('grad-cam'),
    )
    .option('--layer <name>', 'stem, layer1, …: a feature map before the last, on tfjs-node (default: the last)')
    .addOption(forceOption())
    .option('--opacity <share>', "of the heatmap's colours, from 0 to 1", '0.5')
    .addHelpText(
      'after',
      `
Examples:
  residual explain dog.jpg --model resnet50 --weights resnet50.pth --out dog-explained.png
  residual explain dog.jpg --model resnet50 --weights resnet50.pth --out tabby.png --class 'tabby cat' --method occlusion`,
    )
    .action(async (image, flags) => {
      const { explainImage } = await import('../explain-image.ts');
      process.exitCode = await explainImage(image, flags, signal);
    });
}
