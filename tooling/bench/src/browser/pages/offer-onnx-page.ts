import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { toNchw } from '../../runners/onnx-session.ts';
import { inThreads, offerPage } from './offer-page.ts';

/** What a page takes of onnxruntime-web, whichever of its builds. */
export interface OnnxRuntime {
  readonly env: {
    readonly versions: { readonly web?: string };
    readonly wasm: { wasmPaths?: unknown; numThreads?: number | undefined };
  };
  readonly InferenceSession: Pick<typeof InferenceSession, 'create'>;
  readonly Tensor: typeof Tensor;
}

/** The exported ONNX file on one of ONNX Runtime's providers. */
export function offerOnnxPage(provider: 'webgpu' | 'wasm', load: () => Promise<OnnxRuntime>): void {
  offerPage(async ({ onnxUrl, sizePx, threads }) => {
    const { env, InferenceSession, Tensor } = await load();
    env.wasm.wasmPaths = new URL('/onnxruntime-web/', location.href).href;
    env.wasm.numThreads = threads;
    const device = { webgpu: 'WebGPU provider', wasm: `WASM provider, ${inThreads(threads)}` }[provider];
    return async () => {
      const session = await InferenceSession.create(onnxUrl, { executionProviders: [provider] });
      let last: { picture: Float32Array; image: Tensor } | undefined;
      return {
        device: `ONNX Runtime ${env.versions.web}, ${device}`,
        async run(picture) {
          if (last?.picture !== picture) {
            last = { picture, image: new Tensor('float32', toNchw(picture, 1, sizePx), [1, 3, sizePx, sizePx]) };
          }
          const { logits } = await session.run({ image: last.image });
          return logits!.data as Float32Array;
        },
      };
    };
  });
}
