import { tfjsWebgpu } from '@residual/backend-webgpu';
import { offerTfjsPage } from './offer-tfjs-page.ts';

offerTfjsPage(tfjsWebgpu());
