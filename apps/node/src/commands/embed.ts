import { Command } from 'commander';
import { decodeOptions, forceOption, modelOptions, PICTURES, partsOptions } from './model-options.ts';

/** `residual embed`. */
export function embedCommand(signal: AbortSignal): Command {
  const command = new Command('embed')
    .description('Turn pictures into vectors: the pooled features of the last stage.')
    .argument('[images...]', PICTURES);
  return partsOptions(decodeOptions(modelOptions(command)))
    .requiredOption(
      '--out <file>',
      'FILE.jsonl, FILE.npy (with the names in FILE.files.jsonl), FILE.parquet, or FOLDER/ for parts',
    )
    .addOption(forceOption())
    .addHelpText(
      'after',
      `
What is done is kept, in FILE.partial or as the parts in FOLDER/; the same command goes on from there, whatever ended it.

Examples:
  residual embed photos --model resnet50 --weights resnet50.pth --out photos.parquet
  residual embed 'train-*.tar' --model resnet18 --weights resnet18.pth --out vectors/ \\
    --shard $SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT        # sbatch --array=0-7
  residual embed --from list.txt --model resnet18 --weights resnet18.pth --out s3://bucket/vectors/ \\
    --shard $JOB_COMPLETION_INDEX/8                             # a Kubernetes job, completionMode: Indexed`,
    )
    .action(async (images, flags) => {
      const { embedImages } = await import('../embed/embed-images.ts');
      process.exitCode = await embedImages(images, flags, signal);
    });
}
