import { offerOnnxPage } from './offer-onnx-page.ts';

offerOnnxPage('wasm', 'WASM provider, 1 thread', () => import('onnxruntime-web/wasm'));
