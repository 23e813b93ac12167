import { Command } from 'commander';
import { forceOption, namedModelOptions } from './model-options.ts';

/** `residual export`. */
export function exportCommand(signal: AbortSignal): Command {
  const command = new Command('export')
    .description(
      'Write a model for other runtimes: ONNX, a TensorFlow SavedModel, a WebGPU plan, safetensors, PyTorch.',
    )
    .argument('<out>', 'file to write; for saved-model a folder');
  return namedModelOptions(command)
    .requiredOption('--format <name>', 'onnx, saved-model, plan, safetensors or pth')
    .option('--size <px>', "onnx, saved-model and plan: edge of the pictures (default: the model's)")
    .addOption(forceOption())
    .option('--half', 'safetensors and plan: floats in 16 bits, half the size')
    .addHelpText(
      'after',
      `
onnx         opset 17, batch norm folded: image [N, 3, H, W] → logits [N, classes]; without a head, pooled features
saved-model  signature serving_default: image [N, H, W, 3] → logits [N, classes]
plan         for a page with @residual/backend-webgpu/runtime alone: image [1, H, W, 3] → logits [1, classes];
             with --half weights and the values between layers in float16, half the download and the memory
safetensors  float32 or, with --half, float16, under torchvision's names, with what the file says of preset and classes
pth          the same, for torch.load and load_state_dict(strict=True)

Pictures are those that the network takes: scaled to 0 … 1, normalised by mean and deviation.

Examples:
  residual export resnet50.onnx --model resnet50 --format onnx
  residual export models/resnet50/1 --model resnet50 --weights resnet50.pth --format saved-model`,
    )
    .action(async (out, flags) => {
      const { exportModel } = await import('../export/export-model.ts');
      await exportModel(out, flags, signal);
    });
}
