import { type Command, Option } from 'commander';
import { FOLDER_PICTURES, RUN_PICTURES } from '../calibration-counts.ts';

const MODEL = 'variant, e.g. resnet18, resnet50, resnext50_32x4d, resnet20';

/** Adds the options of every command that runs a model: one that is named, or the one that is in the weights. */
export function modelOptions(command: Command): Command {
  return deviceOptions(namedModelOptions(command));
}

/** The same for commands that have weights of their own where neither is named. */
export function optionalModelOptions(command: Command): Command {
  return deviceOptions(
    namedModelOptions(command, '; without --model too, those that come with the command, of CIFAR-10'),
  );
}

/** Which model and weights, and what weights cannot tell of it: for every command that loads a model. */
export function namedModelOptions(command: Command, otherwise = ''): Command {
  return networkOptions(
    command
      .option('--model <name>', `${MODEL} (default: the one that the weights are of)`)
      .option('--weights <name>', `${weightsHelp()}${otherwise}`),
  );
}

/** What weights cannot tell, and which of several networks in their file is meant. */
export function networkOptions(command: Command): Command {
  return command
    .option(
      '--entry <path>',
      'of a file with several networks, the one to take, e.g. model_ema (default: the first note says)',
    )
    .option('--stride-in <which>', "bottlenecks' stride: 3x3 (torchvision) or 1x1 (Caffe, Detectron2's MSRA, Keras)")
    .option('--epsilon <number>', "batch norm's (default: 1e-5; 1e-3 in nets that come from TensorFlow)")
    .option('--activation <name>', 'relu, relu6, leaky_relu, silu or hardswish (default: relu)')
    .option('--output-stride <n>', '8 or 16: the last stages are dilated instead of halved (default: 32)')
    .option('--mean <r,g,b>', "of the pictures, on 0 … 1 (default: the preset's)")
    .option('--std <r,g,b>', 'deviations of the same');
}

/** What the commands that take many pictures are given. */
export const PICTURES =
  'files, folders (without hidden files), quoted patterns, .tar and .parquet files of pictures, http:, https:, data: and s3: addresses, or - for standard input';

/** Which pictures of many, and how their rows are written in parts. */
export function partsOptions(command: Command): Command {
  return command
    .option('--from <list>', 'a file with a picture or an archive a line, or - for standard input')
    .option('--shard <i/n>', 'only every nth input from the ith, i from 0 to n - 1; an archive is one input')
    .addOption(
      new Option('--format <name>', 'of parts, in --out FOLDER/ or s3://BUCKET/NAME/').choices(['jsonl', 'parquet']),
    )
    .option('--part-size <n>', 'pictures of a part (default: 10000)');
}

/** How picture files are read: for every command that reads some. */
export function decodeOptions(command: Command): Command {
  return command
    .option(
      '--orient',
      'turn pictures as their EXIF orientation says (default: as they are stored, as PyTorch has them)',
    )
    .option('--max-pixels <n>', 'of a picture, 3 bytes of memory each (default: 178956970, as PIL)')
    .addOption(
      new Option('--grey16 <how>', '16-bit grey: cut off at 255, as PIL does (default), or its high byte').choices([
        'clip',
        'high-byte',
      ]),
    );
}

function deviceOptions(command: Command): Command {
  return command
    .option(
      '--preset <name>',
      "how pictures are prepared: imagenet1kV1, imagenet1kV2, timm224, … (default: the weights' own)",
    )
    .option(
      '--device <list>',
      'who computes: the first of the list that can run here; webgpu asks for the package webgpu beside the command',
      'native,wasm,tfjs-node,tfjs-wasm',
    )
    .option(
      '--tune',
      'native, fp32: choose algorithms by measurement, a few seconds once for each network; kept in the cache',
    )
    .addOption(
      new Option(
        '--precision <type>',
        'of the network: float32, or fewer bits on CPUs that multiply them (native); fp16 on GPUs (webgpu) and ARM (native)',
      )
        .choices(['fp32', 'fp16', 'bf16', 'int8'])
        .default('fp32'),
    )
    .option(
      '--calibrate <folder>',
      `int8: pictures by which it finds its ranges, ${FOLDER_PICTURES} of them (default: ${RUN_PICTURES} of the run's own)`,
    )
    .option(
      '--calibrate-percentile <p>',
      'int8: how many of the numbers a range holds at least; the rest is cut off',
      '100',
    );
}

/** `--force`, of every command that writes a file of a given name. */
export function forceOption(): Option {
  return new Option('--force', 'replace a file that is there; never one that is read');
}

/** What `--weights` takes. */
export function weightsHelp(): string {
  return "a file or a folder, a name of `residual models` such as IMAGENET1K_V2, hf:owner/name[@revision], or an address (default: the model's published weights)";
}
