import type { Command } from 'commander';

/** Adds the options of every command that runs a model. */
export function modelOptions(command: Command): Command {
  return command
    .requiredOption('--model <name>', 'variant, e.g. resnet18, resnet50, resnext50_32x4d, resnet20')
    .option('--weights <name>', weightsHelp())
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

/** What `--weights` takes. */
export function weightsHelp(): string {
  return "a file, a name of `residual models` such as IMAGENET1K_V2, hf:owner/name[@revision], or an address (default: the model's published weights)";
}
