import { offerPage } from './offer-page.ts';

offerPage(async (job) => {
  const [{ webgpu }, { compileModel }] = await Promise.all([
    import('@residual/backend-webgpu'),
    import('./compile-model.ts'),
  ]);
  return () => compileModel(job, webgpu());
});
