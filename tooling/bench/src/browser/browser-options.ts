import { listModels } from '@residual/resnet/registry';
import { type BenchFlags, chosen, threadsOf, wholeNumber } from '../options.ts';

/** Who competes in the browser, on WebGPU and as WASM: Residual's engine, its fused graph on tfjs, ONNX Runtime, LiteRT. */
export const browserEngines = [
  'webgpu',
  'tfjs-webgpu',
  'onnxruntime-web-webgpu',
  'litert-web-webgpu',
  'wasm',
  'tfjs-wasm',
  'onnxruntime-web-wasm',
  'litert-web-wasm',
] as const;

export type BrowserEngine = (typeof browserEngines)[number];

/** What is to be measured. */
export interface BrowserOptions {
  readonly models: readonly string[];
  readonly engines: readonly BrowserEngine[];
  readonly sizePx: number;
  readonly rounds: number;
  /** Of each engine as WASM that lets one choose. */
  readonly threads: number;
  readonly weightsFile: string | undefined;
}

/** @throws BenchError for what is not understood. */
export function parseBrowserOptions(flags: BenchFlags): BrowserOptions {
  const names = [flags.engines, flags.peers].filter((list) => list !== undefined).join(',');
  return {
    models: chosen('--model', flags.model ?? 'resnet50', listModels()),
    engines: chosen('--engines', names || browserEngines.join(','), browserEngines),
    sizePx: wholeNumber('--size', flags.size ?? '224'),
    rounds: wholeNumber('--rounds', flags.rounds ?? '3'),
    threads: threadsOf(flags),
    weightsFile: flags.weights,
  };
}
