import { Command } from 'commander';
import { decodeOptions, optionalModelOptions, PICTURES } from './model-options.ts';

/** `residual classify`. */
export function classifyCommand(signal: AbortSignal): Command {
  const command = new Command('classify')
    .description('Name what is in pictures.')
    .argument('[images...]', `${PICTURES} (default: two sample pictures)`);
  return decodeOptions(optionalModelOptions(command))
    .option('--shard <i/n>', 'only every nth picture from the ith, i from 0 to n - 1')
    .option('--top <k>', 'classes per picture', '5')
    .option('--json', 'a line of JSON per picture instead of a table')
    .option('--logits', 'with --json: all logits too, in full precision')
    .addHelpText(
      'after',
      `
Without --weights, the weights that come with the command name CIFAR-10's ten classes: airplane, automobile, bird, cat,
deer, dog, frog, horse, ship, truck.

Examples:
  residual classify
  residual classify photo.jpg
  residual classify photo.jpg --model resnet50
  residual classify https://example.org/photo.jpg
  convert photo.heic jpeg:- | residual classify -
  residual classify photo.jpg --model resnet50 --weights a1_in1k
  residual classify photo.jpg --model resnet50 --weights hf:microsoft/resnet-50
  residual classify photos 'more/*.png' --model resnet18 --weights resnet18.safetensors --top 3
  residual classify photos --model resnet18 --weights resnet18.pth --json | jq '.top[0].label'`,
    )
    .action(async (images, flags) => {
      const { classifyImages } = await import('../classify-images.ts');
      process.exitCode = await classifyImages(images, flags, signal);
    });
}
