import { Command } from 'commander';
import { decodeOptions, namedModelOptions } from './model-options.ts';

/** `residual gpu-report`. */
export function gpuReportCommand(signal: AbortSignal): Command {
  const command = new Command('gpu-report')
    .description('Say what WebGPU does here: the adapter, the times in float32 and float16, and how far they differ.')
    .argument(
      '[pictures...]',
      'picture files or folders to compare answers on (default: those that come with the command)',
    );
  return decodeOptions(
    namedModelOptions(command, '; without --model too, those that come with the command, of CIFAR-10'),
  )
    .option('--preset <name>', "how pictures are prepared (default: the weights' own)")
    .option('--json', 'one line of JSON, with every layer, instead of text')
    .addHelpText(
      'after',
      `
It asks for the package webgpu (Dawn) beside the command, and for a Vulkan, Metal or Direct3D driver.

Examples:
  residual gpu-report
  residual gpu-report photos --model resnet50 --json > my-gpu.json`,
    )
    .action(async (pictures, flags) => {
      const { gpuReport } = await import('../gpu-report.ts');
      await gpuReport(pictures, flags, signal);
    });
}
