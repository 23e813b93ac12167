export { type DecodeInput, decodeImage } from './decode-file.ts';
export { fileName, filePath } from './file-name.ts';
export {
  type FolderPictures,
  type FoundPicture,
  isCalledPicture,
  type WalkOptions,
  walkPictures,
} from './walk-pictures.ts';
