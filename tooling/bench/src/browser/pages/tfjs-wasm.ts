import { tfjsWasm } from '@residual/backend-wasm/tfjs';
import { offerTfjsPage } from './offer-tfjs-page.ts';

offerTfjsPage(tfjsWasm());
