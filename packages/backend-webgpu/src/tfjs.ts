export { tfjsWebgpu } from './tfjs-webgpu.ts';
export { WebgpuBackendError } from './webgpu-backend-error.ts';
