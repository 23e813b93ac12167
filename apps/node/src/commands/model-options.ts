import type { Command } from 'commander';

const MODEL = 'variant, e.g. resnet18, resnet50, resnext50_32x4d, resnet20';

/** Adds the options of every command that runs a model, which must be named. */
export function modelOptions(command: Command): Command {
  return deviceOptions(command.requiredOption('--model <name>', MODEL).option('--weights <name>', weightsHelp()));
}

/** The same for commands that have weights of their own where neither is named. */
export function optionalModelOptions(command: Command): Command {
  const embedded = '; without --model too, those that come with the command, of CIFAR-10';
  return deviceOptions(
    command
      .option('--model <name>', `${MODEL} (default: what the weights' file says)`)
      .option('--weights <name>', `${weightsHelp()}${embedded}`),
  );
}

function deviceOptions(command: Command): Command {
  return command
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
