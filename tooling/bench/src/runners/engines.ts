import type { WasmOptions } from '@residual/backend-wasm/node';
import type { Engine, TfjsBackend } from '@residual/compile';
import type { Job } from '../job.ts';
import { makePictures } from '../pictures.ts';

/** The engine on Residual's kernels, native. */
export async function nativeEngine({
  precision,
  threads,
  batch,
  sizePx,
  packedFolder,
}: Pick<Job, 'precision' | 'threads' | 'batch' | 'sizePx' | 'packedFolder'>): Promise<Engine> {
  const { native } = await import('@residual/backend-node');
  const calibration = precision === 'int8' ? [{ image: makePictures(batch, sizePx, 'calibration') }] : [];
  const cache = packedFolder === undefined ? {} : { cache: { folder: packedFolder } };
  return native({ threads, precision, calibration, ...cache });
}

/** The engine on TensorFlow's graph runtime. */
export async function tensorflowEngine({ precision, threads }: Job): Promise<Engine> {
  const { tensorflow } = await import('@residual/backend-node');
  return tensorflow({ threads, precision: precision === 'bf16' ? 'bf16' : 'fp32' });
}

/** The engine on Residual's kernels, as WASM. */
export async function wasmEngine({ threads }: Pick<Job, 'threads'>): Promise<Engine> {
  const { allowRelaxedSimd, wasm } = await import('@residual/backend-wasm/node');
  allowRelaxedSimd();
  const isa = (['simd128', 'relaxed-simd'] as const).find((name) => name === process.env['RESIDUAL_KERNELS_ISA']);
  const options: WasmOptions = { threads, ...(isa !== undefined && { isa }) };
  return wasm(options);
}

/** The fused graph on tfjs-node, or where that is not there on tfjs-wasm. */
export async function tfjsEngine(job: Job): Promise<Engine> {
  const { tfjs, useFirstTfjsBackend } = await import('@residual/compile');
  await useFirstTfjsBackend([await tfjsNodeBackend(job), await tfjsWasmBackend()]);
  return tfjs();
}

/** The engine of one plan of WGSL, on Dawn. */
export async function webgpuEngine({ precision }: Pick<Job, 'precision'>): Promise<Engine> {
  const { dawnWebgpu } = await import('@residual/backend-webgpu/dawn');
  return dawnWebgpu({ precision: precision === 'fp16' ? 'fp16' : 'fp32' });
}

/** The fused graph on tfjs's WebGPU backend, on Dawn. */
export async function tfjsWebgpuEngine(): Promise<Engine> {
  const { provideDawn } = await import('@residual/backend-webgpu/dawn');
  const { tfjsWebgpu } = await import('@residual/backend-webgpu/tfjs');
  const { tfjsOn } = await import('@residual/compile');
  await provideDawn();
  return tfjsOn(tfjsWebgpu());
}

export async function tfjsNodeBackend({ threads }: Pick<Job, 'threads'>): Promise<TfjsBackend> {
  const { tfjsNode } = await import('@residual/backend-node');
  return tfjsNode({ threads });
}

export async function tfjsWasmBackend(): Promise<TfjsBackend> {
  const { tfjsWasm } = await import('@residual/backend-wasm/tfjs-node');
  return tfjsWasm();
}
