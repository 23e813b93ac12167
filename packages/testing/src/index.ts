export { type BackendContractOptions, backendContract } from './backend-contract.ts';
export type { ContractNet, TracerLike } from './contract-net.ts';
export { deterministicPicture, deterministicTensor, probe, uniform } from './deterministic.ts';
export { type EngineContractOptions, engineContract } from './engine-contract.ts';
export { expectClose, relativeError } from './expect-close.ts';
export { dataPath, protocolClientsPath, type RequirementName, requirement } from './requirement.ts';
