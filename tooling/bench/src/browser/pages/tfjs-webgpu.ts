import { tfjsWebgpu } from '@residual/backend-webgpu/tfjs';
import { offerTfjsPage } from './offer-tfjs-page.ts';

offerTfjsPage(tfjsWebgpu());
