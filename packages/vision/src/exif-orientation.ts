const EXIF_SIGNATURE: readonly number[] = [0x45, 0x78, 0x69, 0x66, 0, 0];
const ORIENTATION_TAG = 0x0112;
const TIFF_SHORT = 3;

/**
 * Sets the EXIF orientation of a JPEG file's bytes to 1 (as stored), in place; others are left as they are.
 *
 * Browsers turn a picture by its orientation, and since `imageOrientation: 'none'` is gone there is no option against it.
 */
export function clearJpegOrientation(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0xda) return; // start of scan: no more metadata
    const end = at + 2 + view.getUint16(at + 2);
    const isExif = marker === 0xe1 && EXIF_SIGNATURE.every((value, i) => bytes[at + 4 + i] === value);
    if (isExif && end <= bytes.length) {
      const tiff = at + 4 + EXIF_SIGNATURE.length;
      if (tiff < end) clearTiffOrientation(new DataView(bytes.buffer, bytes.byteOffset + tiff, end - tiff));
    }
    at = end;
  }
}

function clearTiffOrientation(tiff: DataView): void {
  if (tiff.byteLength < 8) return;
  const isLittleEndian = tiff.getUint16(0) === 0x4949;
  const directory = tiff.getUint32(4, isLittleEndian);
  if (directory + 2 > tiff.byteLength) return;
  const entryCount = tiff.getUint16(directory, isLittleEndian);
  for (let i = 0; i < entryCount; i++) {
    const entry = directory + 2 + i * 12;
    if (entry + 12 > tiff.byteLength) return;
    const isOrientation = tiff.getUint16(entry, isLittleEndian) === ORIENTATION_TAG;
    if (isOrientation && tiff.getUint16(entry + 2, isLittleEndian) === TIFF_SHORT) {
      tiff.setUint16(entry + 8, 1, isLittleEndian);
    }
  }
}
