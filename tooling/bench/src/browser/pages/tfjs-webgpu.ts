import { offerPage } from './offer-page.ts';

// The fused graph on tfjs's backend, which is faster there than the model operation by operation.
offerPage(async (job) => {
  const [{ tfjsWebgpu }, { tfjs }, { compileModel }] = await Promise.all([
    import('@residual/backend-webgpu'),
    import('@residual/compile'),
    import('./compile-model.ts'),
  ]);
  const { runsOn } = await tfjsWebgpu().use();
  return async () => ({ ...(await compileModel(job, tfjs())), device: runsOn });
});
