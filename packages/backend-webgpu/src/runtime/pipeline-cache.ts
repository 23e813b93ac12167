/** Pipelines of one device by their WGSL: what several plans have in common is compiled once. */
export type PipelineCache = Map<string, Promise<GPUComputePipeline>>;

/** Compiles a shader, once for the device of the cache. */
export function compilePipeline(device: GPUDevice, code: string, cache: PipelineCache): Promise<GPUComputePipeline> {
  const known = cache.get(code);
  if (known) return known;
  const module = device.createShaderModule({ code });
  const compiled = device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  cache.set(code, compiled);
  compiled.catch(() => cache.delete(code));
  return compiled;
}
