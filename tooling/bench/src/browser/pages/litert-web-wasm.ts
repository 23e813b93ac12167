import { offerLitertPage } from './offer-litert-page.ts';

offerLitertPage('wasm');
