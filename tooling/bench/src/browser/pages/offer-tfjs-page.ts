import type { TfjsBackend } from '@residual/compile';
import { offerPage } from './offer-page.ts';

/** The fused graph on a tfjs backend, which is faster there than the model operation by operation. */
export function offerTfjsPage(backend: TfjsBackend): void {
  offerPage(async (job) => {
    const [{ tfjs }, { compileModel }] = await Promise.all([import('@residual/compile'), import('./compile-model.ts')]);
    const { name, version, runsOn } = await backend.use();
    return async () => ({ ...(await compileModel(job, tfjs())), device: `${name} ${version}, ${runsOn}` });
  });
}
