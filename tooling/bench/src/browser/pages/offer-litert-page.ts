import litert from '@litertjs/core/package.json' with { type: 'json' };
import { inThreads, offerPage } from './offer-page.ts';

/** The model as TFLite file on one of LiteRT's accelerators: XNNPACK as WASM, or its own WebGPU. */
export function offerLitertPage(accelerator: 'wasm' | 'webgpu'): void {
  offerPage(async ({ tfliteUrl, sizePx, threads }) => {
    const { getWebGpuDevice, loadAndCompile, loadLiteRt, Tensor } = await import('@litertjs/core');
    await loadLiteRt(new URL('/litert-web/', location.href).href, { threads: accelerator === 'wasm' && threads > 1 });
    return async () => {
      const model = await loadAndCompile(tfliteUrl, { accelerator, cpuOptions: { numThreads: threads } });
      const { vendor, architecture } = getWebGpuDevice()?.adapterInfo ?? {};
      const device = { wasm: `XNNPACK as WASM, ${inThreads(threads)}`, webgpu: `${vendor} ${architecture}` }[
        accelerator
      ];
      return {
        device: `LiteRT.js ${litert.version}, ${device}`,
        async run(picture) {
          const image = new Tensor(picture, [1, sizePx, sizePx, 3]);
          const [logits] = await model.run(image);
          image.delete();
          const values = (await logits!.data()) as Float32Array;
          logits!.delete();
          return values;
        },
      };
    };
  });
}
