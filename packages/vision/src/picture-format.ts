/** What a file is by its first bytes. */
export interface PictureFormat {
  readonly name: PictureFormatName;
  /** Whether it is a picture, also one that no decoder here reads (HEIC, SVG, a camera's raw file). */
  readonly isPicture: boolean;
  /** With its article, to stand in a sentence: `a JPEG picture`, `a PDF`. */
  readonly what: string;
}

const PICTURES = {
  JPEG: 'a JPEG picture',
  PNG: 'a PNG picture',
  WebP: 'a WebP picture',
  GIF: 'a GIF picture',
  TIFF: 'a TIFF picture',
  AVIF: 'an AVIF picture',
  BMP: 'a BMP picture',
  ICO: 'an icon (ICO)',
  CUR: 'a mouse pointer (CUR)',
  PNM: 'a PNM picture (PPM, PGM or PBM)',
  TGA: 'a TGA picture',
  PCX: 'a PCX picture',
  'JPEG 2000': 'a JPEG 2000 picture',
  PSD: 'a Photoshop picture (PSD)',
  QOI: 'a QOI picture',
  SGI: 'an SGI picture',
  DDS: 'a DDS texture',
  ICNS: 'a macOS icon (ICNS)',
  DCX: 'a DCX picture',
  IM: 'an IM picture',
  MSP: 'an MSP picture',
  BLP: 'a BLP texture',
  XBM: 'an XBM picture',
  XPM: 'an XPM picture',
  FITS: 'a FITS picture',
  PAM: 'a PAM picture',
  'Sun raster': 'a Sun raster picture',
  HEIC: 'an iPhone’s HEIC picture',
  'JPEG XL': 'a JPEG XL picture',
  SVG: 'an SVG drawing',
  PostScript: 'a PostScript drawing',
  raw: 'a camera’s raw picture',
} as const;

const OTHERS = {
  PDF: 'a PDF',
  video: 'a video',
  'Git LFS pointer': 'a Git LFS pointer',
  HTML: 'a web page (HTML)',
  XML: 'an XML file',
  gzip: 'a gzip archive',
  zip: 'a zip archive',
  tar: 'a tar archive',
} as const;

export type PictureFormatName = keyof typeof PICTURES | keyof typeof OTHERS;

/** Bytes, as Latin-1, at a place of the file; the first row that fits says what it is. */
const SIGNATURES: readonly (readonly [at: number, bytes: string, name: PictureFormatName])[] = [
  [0, '\xff\xd8\xff', 'JPEG'],
  [0, '\x89PNG\r\n\x1a\n', 'PNG'],
  [0, 'GIF87a', 'GIF'],
  [0, 'GIF89a', 'GIF'],
  [8, 'WEBP', 'WebP'],
  [0, 'II*\0\x10\0\0\0CR', 'raw'], // Canon's CR2
  [0, 'II*\0', 'TIFF'],
  [0, 'MM\0*', 'TIFF'],
  [0, 'II+\0', 'TIFF'],
  [0, 'MM\0+', 'TIFF'],
  [0, 'IIU\0', 'raw'], // Panasonic's RW2
  [0, 'IIRO', 'raw'], // Olympus's ORF
  [0, 'IIRS', 'raw'],
  [0, 'MMOR', 'raw'],
  [0, 'FUJIFILMCCD-RAW', 'raw'],
  [0, '8BPS', 'PSD'],
  [0, '\0\0\0\x0cjP  \r\n\x87\n', 'JPEG 2000'],
  [0, '\xff\x4f\xff\x51', 'JPEG 2000'],
  [0, '\0\0\0\x0cJXL \r\n\x87\n', 'JPEG XL'],
  [0, '\xff\x0a', 'JPEG XL'],
  [0, 'qoif', 'QOI'],
  [0, 'DDS ', 'DDS'],
  [0, 'icns', 'ICNS'],
  [0, '\xb1\x68\xde\x3a', 'DCX'],
  [0, 'Image type: ', 'IM'],
  [0, 'DanM', 'MSP'],
  [0, 'LinS', 'MSP'],
  [0, 'BLP1', 'BLP'],
  [0, 'BLP2', 'BLP'],
  [0, '/* XPM */', 'XPM'],
  [0, 'SIMPLE  =', 'FITS'],
  [0, 'P7\nWIDTH ', 'PAM'],
  [0, '\x59\xa6\x6a\x95', 'Sun raster'],
  [0, '%!PS', 'PostScript'],
  [0, '\xc5\xd0\xd3\xc6', 'PostScript'],
  [0, '%PDF-', 'PDF'],
  [8, 'AVI ', 'video'],
  [0, '\x1a\x45\xdf\xa3', 'video'], // Matroska, WebM
  [0, '\0\0\x01\xba', 'video'],
  [0, '\0\0\x01\xb3', 'video'],
  [0, 'FLV\x01', 'video'],
  [0, 'version https://git-lfs.github.com/spec/', 'Git LFS pointer'],
  [0, '\x1f\x8b', 'gzip'],
  [0, 'PK\x03\x04', 'zip'],
  [257, 'ustar', 'tar'],
];

/** Brands of an ISO base media file (its `ftyp` box), the telling ones first. */
const BRANDS: readonly (readonly [brands: readonly string[], name: PictureFormatName])[] = [
  [['avif', 'avis'], 'AVIF'],
  [['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'], 'HEIC'],
  [['crx '], 'raw'], // Canon's CR3
  [['mif1', 'msf1', 'mif2'], 'HEIC'],
];

const HEAD_BYTES = 4096;
/** All marks are among these; as text the whole head would take longer than to read it. */
const MARK_BYTES = 512;

/**
 * Says by its first bytes (4 KB are enough) what a file is, whatever its name: a picture, or something that is taken for
 * one; `undefined` where it is neither. TGA, which begins with no mark of its own, is told by a header that makes sense.
 */
export function pictureFormat(head: Uint8Array): PictureFormat | undefined {
  const name = formatName(head.subarray(0, HEAD_BYTES));
  if (name === undefined) return undefined;
  const isPicture = name in PICTURES;
  return { name, isPicture, what: { ...PICTURES, ...OTHERS }[name] };
}

function formatName(head: Uint8Array): PictureFormatName | undefined {
  const text = latin1(head.subarray(0, MARK_BYTES));
  const signed = SIGNATURES.find(([at, bytes]) => text.startsWith(bytes, at));
  if (signed) return signed[2];
  if (text.startsWith('ftyp', 4)) return mediaName(latin1(head));
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (isBmp(text, view)) return 'BMP';
  if (isIcon(view)) return head[2] === 1 ? 'ICO' : 'CUR';
  if (/^P(?:[1-6f]|F)[\s#]/.test(text)) return 'PNM';
  if (/^#define\s+\S*_width\s+\d+\s+#define\s+\S*_height\s/.test(text)) return 'XBM';
  if (isPcx(head)) return 'PCX';
  if (isSgi(view)) return 'SGI';
  const markup = /^(?:\xef\xbb\xbf)?\s*</.test(text) ? markupName(latin1(head)) : undefined;
  return markup ?? (isTga(view) ? 'TGA' : undefined);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function mediaName(text: string): PictureFormatName {
  const size = (text.charCodeAt(2) << 8) | text.charCodeAt(3);
  const brands = text.slice(8, size);
  const known = BRANDS.find(([names]) => names.some((name) => brands.includes(name)));
  return known?.[1] ?? 'video';
}

function markupName(text: string): PictureFormatName | undefined {
  const start = text.replace(/^(?:\xef\xbb\xbf)?\s*/, '').toLowerCase();
  if (/^<(?:!doctype html|html|head|body)\b/.test(start)) return 'HTML';
  if (!/^<(?:\?xml|!--|!doctype|svg)/.test(start)) return undefined;
  if (/<svg[\s>]/.test(start)) return 'SVG';
  return start.includes('<html') ? 'HTML' : 'XML';
}

/** The sizes of BMP's headers, from Windows 2 and OS/2 to Windows 98. */
const BMP_HEADER_BYTES: readonly number[] = [12, 16, 40, 52, 56, 64, 108, 124];

function isBmp(text: string, view: DataView): boolean {
  return text.startsWith('BM') && view.byteLength >= 18 && BMP_HEADER_BYTES.includes(view.getUint32(14, true));
}

function isIcon(view: DataView): boolean {
  if (view.byteLength < 22 || view.getUint16(0) !== 0) return false;
  const kind = view.getUint16(2, true);
  const count = view.getUint16(4, true);
  const bytes = view.getUint32(14, true);
  const at = view.getUint32(18, true);
  const isUnused = view.getUint8(9) === 0 || view.getUint8(9) === 255;
  return (kind === 1 || kind === 2) && count > 0 && isUnused && bytes > 0 && at >= 6 + 16 * count;
}

function isPcx(head: Uint8Array): boolean {
  const [mark, version, encoding, bits] = head;
  if (head.length < 128 || mark !== 10 || encoding !== 1) return false;
  return [0, 2, 3, 4, 5].includes(version!) && [1, 2, 4, 8].includes(bits!);
}

function isSgi(view: DataView): boolean {
  if (view.byteLength < 12 || view.getUint16(0) !== 474) return false;
  const [compression, bytes, dimensions] = [view.getUint8(2), view.getUint8(3), view.getUint16(4)];
  return compression <= 1 && (bytes === 1 || bytes === 2) && dimensions >= 1 && dimensions <= 3;
}

/** @see Truevision's TGA 2.0 specification, section "TGA file header" */
function isTga(view: DataView): boolean {
  if (view.byteLength < 18) return false;
  const [hasMap, type, mapLength, mapBits] = [
    view.getUint8(1),
    view.getUint8(2),
    view.getUint16(5, true),
    view.getUint8(7),
  ];
  const [width, height] = [view.getUint16(12, true), view.getUint16(14, true)];
  const [bits, descriptor] = [view.getUint8(16), view.getUint8(17)];
  if (width === 0 || height === 0 || (descriptor & 0xc0) !== 0 || (descriptor & 15) > 8) return false;
  const isMapped = hasMap === 1 && mapLength > 0 && mapLength <= 256 && [15, 16, 24, 32].includes(mapBits);
  if (type === 1 || type === 9) return isMapped && bits === 8;
  const isUnmapped = hasMap === 0 && view.getUint16(3, true) === 0 && mapLength === 0;
  if (type === 2 || type === 10) return (isMapped || isUnmapped) && [16, 24, 32].includes(bits);
  return (type === 3 || type === 11) && isUnmapped && [1, 8, 16].includes(bits);
}
