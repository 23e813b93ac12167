import { AS_IT_COMES, type LoadLibrary, type Precision, SPINNING_OFF } from '../job.ts';
import type { Quantiser } from '../quantise.ts';

/** Something that can compute a model. */
export interface RunnerKind {
  /** Left out, Python's `infer.py` has it. */
  readonly load?: LoadLibrary;
  /** Whether it is one of Residual's, and so compared with those that are not. */
  readonly isOurs?: true;
  /** What it computes in besides `fp32`. */
  readonly precisions?: readonly Precision[];
  /** Ways to set it up, of which the fastest counts. */
  readonly variants?: readonly string[];
  /** Whether it computes on a Vulkan driver. */
  readonly needsWebgpu?: true;
  /** Whether it takes the model as TFLite. */
  readonly readsTflite?: true;
  /** What makes its int8 model. */
  readonly quantiser?: Quantiser;
}

/**
 * Who can compete, by the names that `--engines` and `--peers` take. Each is imported only in its own process, so that
 * nobody's time or memory counts as another's.
 */
export function runnerKinds(): ReadonlyMap<string, RunnerKind> {
  return new Map<string, RunnerKind>([
    ['native', { isOurs: true, precisions: ['fp16', 'bf16', 'int8'], load: ours('nativeEngine') }],
    ['tensorflow', { isOurs: true, precisions: ['bf16'], load: ours('tensorflowEngine') }],
    ['wasm', { isOurs: true, load: ours('wasmEngine') }],
    ['tfjs', { isOurs: true, load: ours('tfjsEngine') }],
    ['webgpu', { isOurs: true, needsWebgpu: true, precisions: ['fp16'], load: ours('webgpuEngine') }],
    ['tfjs-node', { load: eager('tfjsNodeBackend') }],
    ['tfjs-wasm', { load: eager('tfjsWasmBackend') }],
    [
      'onnxruntime-node',
      {
        precisions: ['int8'],
        quantiser: 'onnxruntime',
        variants: [AS_IT_COMES, SPINNING_OFF],
        load: async (job) => (await import('./onnxruntime-node.ts')).onnxruntimeNode(job),
      },
    ],
    ['openvino', { precisions: ['bf16', 'int8'], quantiser: 'nncf', variants: ['pinned', 'not pinned'] }],
    ['torch', { precisions: ['bf16'], variants: ['eager', 'torch.compile', 'torch.jit'] }],
    ['tfjs-webgpu', { needsWebgpu: true, load: ours('tfjsWebgpuEngine') }],
    [
      'litert-webgpu',
      {
        needsWebgpu: true,
        readsTflite: true,
        load: async (job) => (await import('./litert-webgpu.ts')).litertWebgpu(job),
      },
    ],
    ['onnxruntime-web', { load: async (job) => (await import('./onnxruntime-web.ts')).onnxruntimeWeb(job) }],
  ]);
}

function ours(
  name: 'nativeEngine' | 'tensorflowEngine' | 'wasmEngine' | 'tfjsEngine' | 'webgpuEngine' | 'tfjsWebgpuEngine',
): LoadLibrary {
  return async (job) => {
    const { residualEngine } = await import('./residual-engine.ts');
    const engines = await import('./engines.ts');
    return residualEngine(job, await engines[name](job));
  };
}

function eager(name: 'tfjsNodeBackend' | 'tfjsWasmBackend'): LoadLibrary {
  return async (job) => {
    const { eagerModel } = await import('./eager-model.ts');
    const engines = await import('./engines.ts');
    return eagerModel(job, await engines[name](job));
  };
}
