export { type ByteSource, sourceFromBlob, sourceFromBytes } from './byte-source.ts';
export type { DType } from './dtype.ts';
export { findNonFinite, type NonFinite } from './find-non-finite.ts';
export { floatsOfHalves } from './half.ts';
export type { HostData, HostTensor, StateDict } from './host-tensor.ts';
export type { KeySchemeName } from './key-schemes/key-scheme.ts';
export { findNetworks } from './networks/find-networks.ts';
export type { FoundNetwork, NetworkHints } from './networks/found-network.ts';
export { writePth } from './pytorch/write-pth.ts';
export { type ReadStateDictOptions, type ReadStateDictResult, readStateDict } from './read-state-dict.ts';
export { readTensors } from './read-tensors.ts';
export { readWeightsIndex } from './read-weights-index.ts';
export { type WriteSafetensorsOptions, writeSafetensors } from './safetensors/write-safetensors.ts';
export { sourceFromUrl } from './url-source.ts';
export { WeightsFormatError, type WeightsFormatErrorCode } from './weights-format-error.ts';
export type {
  DerivedStorage,
  FileRange,
  StateDictIndex,
  StorageRange,
  TensorEntry,
  WeightsFormat,
  WeightsIndex,
} from './weights-index.ts';
export { WeightsSourceError, type WeightsSourceErrorCode } from './weights-source-error.ts';
