import type { PixelImage } from '../pixel-image.ts';
import { checkPixelCount } from '../pixel-limit.ts';
import { damaged } from './damage.ts';
import type { DecodeRequest } from './decode-request.ts';
import { decodeWithMagick } from './magick-decoder.ts';
import { unsupported } from './unsupported.ts';

const HEADER_BYTES = 128;
const LONG_HEADER_BYTES = 148;
const CODE_AT = 84;
/** Bytes of a block of 4 × 4 pixels. */
const BLOCK_BYTES: Readonly<Record<string, number>> = { DXT1: 8, DXT3: 16, DXT5: 16 };
/** The older header's code of a format that the longer header has by number. @see DXGI_FORMAT */
const CODES: Readonly<Record<number, string>> = {
  ...{ 70: 'DXT1', 71: 'DXT1', 72: 'DXT1' },
  ...{ 73: 'DXT3', 74: 'DXT3', 75: 'DXT3' },
  ...{ 76: 'DXT5', 77: 'DXT5', 78: 'DXT5' },
};

/**
 * Decodes a DDS texture that is not compressed, or by BC1 to BC3.
 *
 * @see https://learn.microsoft.com/en-us/windows/win32/direct3ddds/dds-header
 * @throws DecodeError
 */
export async function decodeDds(request: DecodeRequest): Promise<PixelImage> {
  const { bytes, source, maxPixels } = request;
  if (bytes.length < HEADER_BYTES) throw damaged(request);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [height, width] = [view.getUint32(12, true), view.getUint32(16, true)];
  checkPixelCount(source, width, height, maxPixels);
  const hasCode = (view.getUint32(80, true) & 4) !== 0;
  const written = String.fromCharCode(...bytes.subarray(CODE_AT, CODE_AT + 4));
  const isLong = hasCode && written === 'DX10';
  if (isLong && bytes.length < LONG_HEADER_BYTES) throw damaged(request);
  const number = isLong ? view.getUint32(HEADER_BYTES, true) : 0;
  const code = isLong ? (CODES[number] ?? '') : written;
  const blockBytes = BLOCK_BYTES[code];
  if (hasCode && blockBytes === undefined) {
    const kind = isLong ? `number ${number}` : /^\w{4}$/.test(written) ? written : `number ${view.getUint32(84, true)}`;
    throw unsupported(request, `a DDS texture of the format ${kind}`, 'save it as a PNG');
  }
  const needed = blockBytes
    ? blockBytes * Math.ceil(width / 4) * Math.ceil(height / 4)
    : height * Math.floor((width * view.getUint32(88, true)) / 8);
  if ((isLong ? LONG_HEADER_BYTES : HEADER_BYTES) + needed > bytes.length) throw damaged(request);
  return await decodeWithMagick(isLong ? { ...request, bytes: withShortHeader(bytes, code) } : request);
}

function withShortHeader(bytes: Uint8Array, code: string): Uint8Array {
  const file = new Uint8Array(bytes.length - LONG_HEADER_BYTES + HEADER_BYTES);
  file.set(bytes.subarray(0, HEADER_BYTES));
  file.set(bytes.subarray(LONG_HEADER_BYTES), HEADER_BYTES);
  for (let i = 0; i < 4; i++) file[CODE_AT + i] = code.charCodeAt(i);
  return file;
}
