import { offerOnnxPage } from './offer-onnx-page.ts';

offerOnnxPage('webgpu', 'WebGPU provider', () => import('onnxruntime-web/webgpu'));
