export type { HostData, HostTensor, StateDict } from './state-dict.ts';
