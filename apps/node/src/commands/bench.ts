import { Command } from 'commander';
import { forceOption } from './model-options.ts';

/** `residual bench`. */
export function benchCommand(signal: AbortSignal): Command {
  return new Command('bench')
    .description('Time engines against each other and against other runtimes (in a clone of the repository).')
    .option('--model <list>', 'variants (default: resnet50, with --training resnet20)')
    .option('--engines <list>', 'native, tensorflow, wasm, tfjs, webgpu; and eager tfjs-node, tfjs-wasm')
    .option(
      '--peers <list>',
      'onnxruntime-node, onnxruntime-web, openvino, torch, tfjs-node, tfjs-wasm, tfjs-webgpu, litert-webgpu',
    )
    .option('--batch <list>', 'pictures at once (default: 1, with --training 128)')
    .option('--precision <list>', 'fp32, fp16, bf16, int8: for the engines that have them', 'fp32')
    .option('--threads <n>', 'threads of each engine (default: the cores)')
    .option('--size <px>', 'edge of the pictures (default: 224, with --training 32)')
    .option('--rounds <n>', 'turns of each engine (default: 15, in the browser 3), or with --profile timed runs')
    .option(
      '--browser',
      'in the Chromium that npm brings: webgpu, wasm, and tfjs-…, onnxruntime-web-… and litert-web-… of each',
    )
    .option('--profile', 'where the time of native, wasm or, in the browser, webgpu goes, step by step')
    .option('--training', 'with --profile: a step of training in place of a run')
    .option('--weights <file>', 'safetensors or .pth instead of weights made up')
    .option(
      '--isa <name>',
      'instructions of the native kernels (amx, avx512, avx2, neon, portable) or of wasm (relaxed-simd, simd128)',
    )
    .option('--driver <name>', "Vulkan driver of webgpu in Node: lavapipe or swiftshader (default: the machine's)")
    .option('--python <path>', 'for openvino, torch and int8 of peers (default: RESIDUAL_PYTHON, else python3)')
    .option('--packed <folder>', 'where native keeps packed weights, for a second run to find (default: nowhere)')
    .option('--busy', 'with another process that keeps one core busy')
    .option(
      '--plot <file>',
      'where the SVG goes (default: residual-bench.svg or residual-profile.svg, none with --json)',
    )
    .addOption(forceOption())
    .option('--json', 'one line of JSON instead of a table')
    .addHelpText(
      'after',
      `
Each engine has a process of its own, and they run in turn. Exit code 1: an engine named is not available here.

Examples:
  residual bench --model resnet18,resnet50 --engines native,wasm --peers onnxruntime-node,tfjs-wasm
  residual bench --engines native --peers onnxruntime-node --precision fp32,bf16,int8 --batch 1,8
  residual bench --engines native --peers openvino,torch --precision fp32,bf16,int8 --python venv/bin/python
  residual bench --engines native --peers onnxruntime-node --isa avx2 --busy --json
  residual bench --browser --model resnet18
  residual bench --model resnet18 --engines webgpu --peers tfjs-webgpu,litert-webgpu --precision fp32,fp16 --driver lavapipe
  residual bench --profile --model resnet18 --engines native,wasm --plot roofline.svg
  residual bench --profile --training --engines native`,
    )
    .action(async (flags) => {
      const { startBench } = await import('../start-bench.ts');
      process.exitCode = await startBench(flags, signal);
    });
}
