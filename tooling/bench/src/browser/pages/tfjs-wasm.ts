import { tfjsWasm } from '@residual/backend-wasm';
import { offerTfjsPage } from './offer-tfjs-page.ts';

offerTfjsPage(tfjsWasm());
