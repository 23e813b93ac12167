const EXIF_SIGNATURE = 'Exif\0\0';
const ORIENTATION_TAG = 0x0112;
const TIFF_SHORT = 3;

/** Where a file says how it is to be turned. */
interface OrientationField {
  readonly view: DataView;
  readonly at: number;
  readonly isLittleEndian: boolean;
  /** A PNG's chunk, whose checksum covers the field. */
  readonly chunk?: { readonly start: number; readonly end: number };
}

/** The EXIF orientation of a JPEG, PNG or WebP file, from 1 (as stored) to 8; 1 where there is none. */
export function readOrientation(bytes: Uint8Array): number {
  const [field] = orientationFields(bytes);
  const value = field ? field.view.getUint16(field.at, field.isLittleEndian) : 1;
  return value >= 1 && value <= 8 ? value : 1;
}

/**
 * Sets the EXIF orientation of a JPEG, PNG or WebP file's bytes to 1 (as stored), in place; others are left as they are.
 *
 * Browsers turn pictures by their orientation, each browser those of other formats, and since `imageOrientation: 'none'` is
 * gone there is no option against it.
 */
export function clearOrientation(bytes: Uint8Array): void {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { view, at, isLittleEndian, chunk } of orientationFields(bytes)) {
    view.setUint16(at, 1, isLittleEndian);
    if (chunk) file.setUint32(chunk.end, crc32(bytes.subarray(chunk.start, chunk.end)));
  }
}

function orientationFields(bytes: Uint8Array): OrientationField[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (text(bytes, 0, 3) === '\xff\xd8\xff') return jpegFields(bytes, view);
  if (text(bytes, 0, 8) === '\x89PNG\r\n\x1a\n') return pngFields(bytes, view);
  if (text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 4) === 'WEBP') return webpFields(bytes, view);
  return [];
}

function jpegFields(bytes: Uint8Array, view: DataView): OrientationField[] {
  const fields: OrientationField[] = [];
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!;
    if (marker === 0xda) break; // start of scan: no more metadata
    const end = at + 2 + view.getUint16(at + 2);
    if (marker === 0xe1 && end <= bytes.length) fields.push(...exifFields(bytes, at + 4, end, true));
    at = end;
  }
  return fields;
}

function pngFields(bytes: Uint8Array, view: DataView): OrientationField[] {
  const fields: OrientationField[] = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const end = at + 8 + view.getUint32(at);
    if (end + 4 > bytes.length) break;
    if (text(bytes, at + 4, 4) === 'eXIf') {
      const chunk = { start: at + 4, end };
      fields.push(...exifFields(bytes, at + 8, end, false).map((field) => ({ ...field, chunk })));
    }
    at = end + 4;
  }
  return fields;
}

function webpFields(bytes: Uint8Array, view: DataView): OrientationField[] {
  const fields: OrientationField[] = [];
  for (let at = 12; at + 8 <= bytes.length; ) {
    const size = view.getUint32(at + 4, true);
    const end = at + 8 + size;
    if (end > bytes.length) break;
    if (text(bytes, at, 4) === 'EXIF') fields.push(...exifFields(bytes, at + 8, end, false));
    at = end + (size & 1);
  }
  return fields;
}

/** The fields of a block of EXIF, which some formats begin with its signature. */
function exifFields(bytes: Uint8Array, start: number, end: number, needsSignature: boolean): OrientationField[] {
  const isSigned = text(bytes, start, EXIF_SIGNATURE.length) === EXIF_SIGNATURE;
  if (needsSignature && !isSigned) return [];
  const from = isSigned ? start + EXIF_SIGNATURE.length : start;
  return from < end ? tiffFields(new DataView(bytes.buffer, bytes.byteOffset + from, end - from)) : [];
}

function tiffFields(view: DataView): OrientationField[] {
  if (view.byteLength < 8) return [];
  const isLittleEndian = view.getUint16(0) === 0x4949;
  const directory = view.getUint32(4, isLittleEndian);
  if (directory + 2 > view.byteLength) return [];
  const fields: OrientationField[] = [];
  const entryCount = view.getUint16(directory, isLittleEndian);
  for (let entry = directory + 2; entry < directory + 2 + entryCount * 12; entry += 12) {
    if (entry + 12 > view.byteLength) break;
    const isOrientation = view.getUint16(entry, isLittleEndian) === ORIENTATION_TAG;
    if (isOrientation && view.getUint16(entry + 2, isLittleEndian) === TIFF_SHORT)
      fields.push({ view, at: entry + 8, isLittleEndian });
  }
  return fields;
}

function text(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** PNG's checksum. */
function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
