import type { Command } from 'commander';

/** Adds the options of every command that runs a model. */
export function modelOptions(command: Command): Command {
  return command
    .requiredOption('--model <name>', 'variant, e.g. resnet18, resnet50, resnext50_32x4d, resnet20')
    .option('--weights <file>', 'safetensors, .pth, .pt or .th')
    .option(
      '--preset <name>',
      "how pictures are prepared: imagenet1kV1, imagenet1kV2, timm224, … (default: the model's)",
    )
    .option(
      '--device <list>',
      'who computes: the first of the list that can run here',
      'native,wasm,tfjs-node,tfjs-wasm',
    );
}
