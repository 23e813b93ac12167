/** What a JPEG 2000 codestream says of its picture. */
export interface CodestreamHeader {
  readonly width: number;
  readonly height: number;
  /** Bits a sample of each component. */
  readonly bits: readonly number[];
  /** Whether the file is the codestream alone, without boxes that say what its components are. */
  readonly isBare: boolean;
}

/** The first codestream's SIZ segment. @see https://www.itu.int/rec/T-REC-T.800 (annex A.5.1) */
export function codestreamHeader(bytes: Uint8Array): CodestreamHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 43 <= bytes.length; at++) {
    if (view.getUint32(at) !== 0xff4fff51) continue;
    const components = view.getUint16(at + 40);
    if (components === 0 || at + 42 + 3 * components > bytes.length) return undefined;
    return {
      width: view.getUint32(at + 8) - view.getUint32(at + 16),
      height: view.getUint32(at + 12) - view.getUint32(at + 20),
      bits: Array.from({ length: components }, (_, i) => (view.getUint8(at + 42 + 3 * i) & 0x7f) + 1),
      isBare: at === 0,
    };
  }
  return undefined;
}

/** The boxes before a codestream of grey with alpha; the size of the picture is to be filled in. */
const GREY_WITH_ALPHA: readonly number[] = [
  ...[0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a], // the signature
  ...[0, 0, 0, 20, 0x66, 0x74, 0x79, 0x70, 0x6a, 0x70, 0x32, 0x20, 0, 0, 0, 0, 0x6a, 0x70, 0x32, 0x20], // ftyp
  ...[0, 0, 0, 67, 0x6a, 0x70, 0x32, 0x68], // jp2h
  ...[0, 0, 0, 22, 0x69, 0x68, 0x64, 0x72, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 7, 7, 0, 0], // ihdr
  ...[0, 0, 0, 15, 0x63, 0x6f, 0x6c, 0x72, 1, 0, 0, 0, 0, 0, 17], // colr: grey
  ...[0, 0, 0, 22, 0x63, 0x64, 0x65, 0x66, 0, 2, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0], // cdef: colour, alpha of all
  ...[0, 0, 0, 0, 0x6a, 0x70, 0x32, 0x63], // jp2c, to the end of the file
];
const HEIGHT_AT = 48;

/** A bare codestream of two components as a file that says that the second is alpha. */
export function greyWithAlphaFile(codestream: Uint8Array, { width, height, bits }: CodestreamHeader): Uint8Array {
  const file = new Uint8Array(GREY_WITH_ALPHA.length + codestream.length);
  file.set(GREY_WITH_ALPHA);
  file.set(codestream, GREY_WITH_ALPHA.length);
  const view = new DataView(file.buffer);
  view.setUint32(HEIGHT_AT, height);
  view.setUint32(HEIGHT_AT + 4, width);
  view.setUint8(HEIGHT_AT + 10, bits[0]! - 1);
  return file;
}
