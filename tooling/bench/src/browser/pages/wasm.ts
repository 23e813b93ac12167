import { offerPage } from './offer-page.ts';

offerPage(async (job) => {
  const [{ wasm }, { compileModel }] = await Promise.all([
    import('@residual/backend-wasm'),
    import('./compile-model.ts'),
  ]);
  return () => compileModel(job, wasm({ threads: job.threads }));
});
