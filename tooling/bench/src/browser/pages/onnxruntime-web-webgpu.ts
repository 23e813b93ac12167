import { offerOnnxPage } from './offer-onnx-page.ts';

offerOnnxPage('webgpu', () => import('onnxruntime-web/webgpu'));
