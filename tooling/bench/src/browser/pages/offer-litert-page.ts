import { compileLitert, type LitertAccelerator } from '../../runners/litert-model.ts';
import { inThreads, offerPage } from './offer-page.ts';

/** The model as TFLite file on one of LiteRT's accelerators. */
export function offerLitertPage(accelerator: LitertAccelerator): void {
  offerPage(async ({ tfliteUrl, sizePx, threads }) => {
    const { loadLiteRt } = await import('@litertjs/core');
    await loadLiteRt(new URL('/litert-web/', location.href).href, { threads: accelerator === 'wasm' && threads > 1 });
    return () => compileLitert(tfliteUrl, accelerator, { sizePx, threads, runsOn: inThreads(threads) });
  });
}
