import { Command } from 'commander';
import { decodeOptions, forceOption, optionalModelOptions, PICTURES, partsOptions } from './model-options.ts';

/** `residual classify`. */
export function classifyCommand(signal: AbortSignal): Command {
  const command = new Command('classify')
    .description('Name what is in pictures.')
    .argument('[images...]', `${PICTURES} (default: two sample pictures)`);
  return partsOptions(decodeOptions(optionalModelOptions(command)))
    .option('--out <folder>', 'FOLDER/ or s3://BUCKET/NAME/ for parts, which a restart does not compute again')
    .addOption(forceOption())
    .option('--top <k>', 'classes per picture', '5')
    .option('--json', 'a line of JSON per picture instead of a table')
    .option('--logits', 'with --json or --out: all logits too, in full precision')
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
  residual classify photos --model resnet18 --weights resnet18.pth --json | jq '.top[0].label'
  find /data -name '*.jpg' | residual classify --from - --model resnet50 --out answers/ --format parquet`,
    )
    .action(async (images, flags) => {
      const { classifyImages } = await import('../classify-images.ts');
      process.exitCode = await classifyImages(images, flags, signal);
    });
}
