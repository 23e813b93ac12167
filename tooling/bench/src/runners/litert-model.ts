import litert from '@litertjs/core/package.json' with { type: 'json' };

/** LiteRT's accelerators: XNNPACK as WASM, or its own WebGPU. */
export type LitertAccelerator = 'wasm' | 'webgpu';

/**
 * Compiles a TFLite model, for one picture, on LiteRT.js, which is loaded.
 *
 * @param model The file's address or its bytes.
 * @param runsOn What `device` says of WASM.
 */
export async function compileLitert(
  model: string | Uint8Array,
  accelerator: LitertAccelerator,
  { sizePx, threads, runsOn }: { readonly sizePx: number; readonly threads: number; readonly runsOn: string },
): Promise<{ readonly device: string; run(picture: Float32Array): Promise<Float32Array> }> {
  const { getWebGpuDevice, loadAndCompile, Tensor } = await import('@litertjs/core');
  const compiled = await loadAndCompile(model, { accelerator, cpuOptions: { numThreads: threads } });
  const { vendor, architecture, description } = getWebGpuDevice()?.adapterInfo ?? {};
  const adapter = description || `${vendor} ${architecture}`;
  return {
    device: `LiteRT.js ${litert.version}, ${accelerator === 'webgpu' ? adapter : `XNNPACK as WASM, ${runsOn}`}`,
    async run(picture) {
      const image = new Tensor(picture, [1, sizePx, sizePx, 3]);
      const [logits] = await compiled.run(image);
      image.delete();
      const values = (await logits!.data()) as Float32Array;
      logits!.delete();
      return values;
    },
  };
}
