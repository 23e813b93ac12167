export { type ByteSource, sourceFromBlob, sourceFromBytes } from './byte-source.ts';
export { type DictDescription, describeDict } from './describe-dict.ts';
export type { DType } from './dtype.ts';
export { findNonFinite, type NonFinite } from './find-non-finite.ts';
export type { KeySchemeName } from './key-schemes/key-scheme.ts';
export { writePth } from './pytorch/write-pth.ts';
export {
  type ReadStateDictOptions,
  type ReadStateDictResult,
  readStateDict,
  readWeightsIndex,
} from './read-state-dict.ts';
export { readTensors } from './read-tensors.ts';
export { type WriteSafetensorsOptions, writeSafetensors } from './safetensors/write-safetensors.ts';
export { sourceFromUrl } from './url-source.ts';
export { WeightsFormatError, type WeightsFormatErrorCode } from './weights-format-error.ts';
export type { StateDictIndex, StorageRange, TensorEntry, WeightsFormat, WeightsIndex } from './weights-index.ts';
export { WeightsSourceError, type WeightsSourceErrorCode } from './weights-source-error.ts';
