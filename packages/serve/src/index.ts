export type { AdmissionLimits } from './batching/admission.ts';
export type { BatchingOptions } from './batching/batcher.ts';
export type { RequestRecord } from './http/http-server.ts';
export type { ModelName } from './models/served-model.ts';
export { ServeError } from './serve-error.ts';
export {
  type Addresses,
  type ClassifierRepository,
  InferenceServer,
  type ListenOptions,
  type ServerOptions,
} from './server.ts';
