export { type DecodeInput, decodeImage } from './decode-file.ts';
