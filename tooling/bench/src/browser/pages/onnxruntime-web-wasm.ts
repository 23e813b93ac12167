import { offerOnnxPage } from './offer-onnx-page.ts';

offerOnnxPage('wasm', () => import('onnxruntime-web/wasm'));
